"""The verbs, their options, and the one place that turns errors into messages and exit codes."""

import importlib
import io
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from kaldra.cli.ui import Console
from kaldra.errors import KaldraError

Stack = Annotated[str, typer.Option("--stack", "-s", help="Stack: Pulumi.<stack>.yaml.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Install what is missing without asking.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only warnings and errors.")]

INTERRUPTED = 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="KALDRA on kind, on Docker alone or on bare Python, from one command line.",
)


def _verb(name: str, member: str = "run") -> Callable[..., Any]:
    """The function of a verb's module, imported only when the verb is used."""
    function: Callable[..., Any] = getattr(importlib.import_module(f"kaldra.cli.{name}"), member)
    return function


@app.command()
def up(stack: Stack = "dev", yes: Yes = False, quiet: Quiet = False) -> None:
    """Bring the platform up and end at GET /status/."""
    _verb("up")(Console(quiet=quiet), stack=stack, assume_yes=yes)


@app.command()
def down(
    stack: Stack = "dev",
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Also remove cluster, registry and a dockerd that `up` started."
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="For scripts; nothing is asked anyway.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Take the stack down."""
    del yes
    _verb("down")(Console(quiet=quiet), stack=stack, everything=everything)


@app.command()
def preview(
    stack: Stack = "dev",
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="Fail if anything would change.")
    ] = False,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Show what `up` would change in the stack."""
    _verb("preview")(
        Console(quiet=quiet), stack=stack, expect_no_changes=expect_no_changes, assume_yes=yes
    )


@app.command()
def rollback(
    stack: Stack = "dev",
    to: Annotated[
        int | None, typer.Option("--to", min=1, help="Release; the working one before the last.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    quiet: Quiet = False,
) -> None:
    """Go back to an earlier release: its images and its settings, after a preview."""
    _verb("rollback")(Console(quiet=quiet), stack=stack, to=to, assume_yes=yes)


@app.command()
def render(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the files; others' files in it stay.")
    ],
    stack: Stack = "dev",
    quiet: Quiet = False,
) -> None:
    """Write the stack's Kubernetes objects as YAML files, without cluster or network."""
    _verb("render")(Console(quiet=quiet), stack=stack, out=out)


@app.command()
def diff(
    base: Annotated[str, typer.Argument(metavar="BASE_REF", help="Branch, tag or commit.")],
    stack: Annotated[
        list[str] | None, typer.Option("--stack", "-s", help="Stack; may be given more than once.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Print what this work tree changes in rendered objects since a revision, as Markdown."""
    _verb("diff")(Console(quiet=quiet), base=base, stacks=stack or [])


@app.command()
def build(
    tag: Annotated[str, typer.Option("--tag", help="Tag of both images.")] = "dev",
    push: Annotated[
        str | None,
        typer.Option("--push", help="Registry to push to, as in ghcr.io/OWNER."),
    ] = None,
    sbom: Annotated[
        bool,
        typer.Option(
            "--sbom", help="Write a CycloneDX bill of materials of each image, and known faults."
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="--sbom, and fail on known faults of Python packages or unasked ones."
        ),
    ] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder of what --sbom writes.")] = Path(
        "dist"
    ),
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Build each layer anew.")] = False,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Build kaldra-core and kaldra-api into the local Docker; describe and push them."""
    wanted = _verb("build", "Wanted")(
        tag=tag, registry=push, sbom=sbom, strict=strict, out=out, cache=not no_cache
    )
    _verb("build")(Console(quiet=quiet), wanted, assume_yes=yes)


@app.command(hidden=True)
def publish(
    registry: Annotated[str, typer.Argument(help="Registry that holds the images.")],
    tag: Annotated[str, typer.Option("--tag", help="Tag of both images.")],
    architectures: Annotated[
        list[str] | None,
        typer.Option("--arch", help="Architecture pushed as TAG-ARCH; once for each."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Join images pushed from machines of several architectures under one tag (for releases)."""
    _verb("publish")(
        Console(quiet=quiet),
        tag=tag,
        registry=registry,
        architectures=architectures or ["amd64", "arm64"],
    )


@app.command(context_settings={"ignore_unknown_options": True})
def test(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Arguments passed on to pytest.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Skip the end-to-end tests.")] = False,
) -> None:
    """Run lint, unit tests and end-to-end tests."""
    _verb("test")(Console(), fast=fast, arguments=arguments or [])


@app.command()
def lint() -> None:
    """Check Python, JavaScript, CSS, YAML, Dockerfiles, shell, workflows, links and objects."""
    _verb("lint")(Console())


@app.command()
def doctor(stack: Stack = "dev") -> None:
    """Tell for each tool where it was found, what is wrong and how to fix it."""
    _verb("doctor")(Console(), stack=stack)


@app.command()
def env(stack: Stack = "dev") -> None:
    """Print the environment for plain pulumi: eval "$(./kaldra env)"."""
    _verb("env")(stack=stack)


@app.command()
def forward(
    stack: Stack = "dev",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port here.")] = 8080,
    service: Annotated[str, typer.Option("--service", help="Service to reach.")] = "kaldra-api",
) -> None:
    """Forward a fixed local port to a service of any Kubernetes stack, until interrupted."""
    _verb("forward")(Console(), stack=stack, port=port, service=service)


@app.command()
def logs(
    stack: Stack = "dev",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep following.")] = False,
    lines: Annotated[int, typer.Option("--lines", min=0, help="Last lines of each pod.")] = 100,
) -> None:
    """Print the logs of both services, merged."""
    _verb("logs")(Console(), stack=stack, follow=follow, lines=lines)


@app.command()
def serve(
    service: Annotated[str, typer.Argument(help="What to run: `api`, `core` or `all`.")] = "all",
    reload: Annotated[
        bool,
        typer.Option("--reload", help="Serve each save of code or data at once; no request fails."),
    ] = False,
) -> None:
    """Run the services without Docker, until interrupted."""
    _verb("serve")(Console(), service=service, reload=reload)


@app.command()
def dev(
    services: Annotated[
        list[str] | None, typer.Argument(metavar="SERVICE", help="`api`, `core`; both.")
    ] = None,
    stack: Stack = "dev",
    restore: Annotated[
        bool, typer.Option("--restore", help="Return to the images' code, and end.")
    ] = False,
    debug: Annotated[
        str | None,
        typer.Option("--debug", metavar="SERVICE", help="Let debuggers attach on 127.0.0.1:5678."),
    ] = None,
) -> None:
    """Serve each save from the running containers, without a build or a rollout."""
    _verb("dev")(Console(), stack=stack, services=services or [], restore=restore, debug=debug)


@app.command()
def checklist(stack: Stack = "dev", yes: Yes = False) -> None:
    """Check the seven things that make a deployment done: ✔ or ✘ and the fix."""
    _verb("checklist")(Console(), stack=stack, assume_yes=yes)


@app.command()
def status(stack: Stack = "dev") -> None:
    """Tell what runs: images, pods, health."""
    _verb("status")(Console(), stack=stack)


@app.command(hidden=True)
def lock() -> None:
    """Write pinned versions into every file and regenerate requirements.lock (for maintainers)."""
    _verb("lock")(Console())


@app.command(hidden=True)
def reference() -> None:
    """Write the generated parts of README.md and docs/ anew (for maintainers)."""
    _verb("reference")(Console())


def main() -> None:
    """Run a verb; every error is a message, a hint and an exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not every terminal has ✓
            stream.reconfigure(errors="replace")
    try:
        app(prog_name="./kaldra")
    except KaldraError as error:
        Console().error(str(error), error.hint)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        Console().error("Interrupted; nothing is lost.", "Run the same command again to go on.")
        sys.exit(INTERRUPTED)
