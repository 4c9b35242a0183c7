"""The verbs and their options, as a typer application; `main.py` runs it.

A verb's function is its options and its help. What it does is `run` in the module of its name,
which gets a console and the options by name. What the caller gives is checked here, before that.
"""

import functools
import importlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from typer import Argument, Option, Typer
from typer.core import TyperCommand

from kaldra import environment, variables
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError
from kaldra.paths import REPO
from serving.special_file import is_special


def _stacks(incomplete: str) -> list[str]:
    """Names of stack files, for completion."""
    names = (path.name.split(".")[1] for path in REPO.glob("Pulumi.*.yaml"))
    return sorted(name for name in names if name.startswith(incomplete))


Stack = Annotated[
    str, Option("--stack", "-s", help="Stack: Pulumi.<stack>.yaml.", autocompletion=_stacks)
]
Yes = Annotated[bool, Option("--yes", "-y", help="Install what is missing without asking.")]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Say only warnings and errors.")]
Since = Annotated[
    str, Option("--since", metavar="TIME", help="`90s`, `1h30m`, or an RFC 3339 time.")
]
AsJson = Annotated[bool, Option("--json", help="Print JSON on standard output.")]

app = Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Deploy and operate KALDRA on Kubernetes, on Docker, or as plain processes.",
)


class _Verb(TyperCommand):
    """A command that takes no empty argument: as a path, it would be the current folder."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; raises ConfigurationError for an empty one.

        Shell completion and arguments of another program are left alone.
        """
        if not (ctx.resilient_parsing or ctx.ignore_unknown_options):
            for before, argument in pairwise(["", *args]):
                assigned = argument.startswith("--") and argument.endswith("=")
                if assigned or not argument:
                    option = argument.removesuffix("=") or before
                    named = option.strip("-") and option.startswith("-")
                    raise ConfigurationError(
                        f"{option if named else 'An argument'} is empty.",
                        hint="Give a value, or leave it out; a shell variable that is not set "
                        "leaves it empty.",
                    )
        return super().parse_args(ctx, args)


def _require_regular_files() -> None:
    """Raise ConfigurationError where a pipe or device stands for a file of the caller's.

    Several processes read these files, each from the beginning.
    """
    docker = Path(variables.DOCKER_CONFIG.value or "~/.docker").expanduser()
    unnamed = (docker / "config.json", Path("~/.kube/config").expanduser())
    for variable, path in (*environment.named_files(), *(("", path) for path in unnamed)):
        if is_special(path):
            named = f"{variable} names {path}, which" if variable else f"{path}"
            export = f": export {variable}=FILE" if variable else "."
            raise ConfigurationError(
                f"{named} is a pipe, a socket or a device; several processes read it.",
                hint=f"Save its content in a regular file{export}",
            )


def _verb(**settings: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function; its module is imported only when the verb is used."""

    def command(options: Callable[..., None]) -> Callable[..., None]:
        @app.command(cls=_Verb, **settings)
        @functools.wraps(options)
        def call(*, quiet: bool = False, **given: Any) -> None:
            if isinstance(stack := given.get("stack"), str):
                Console.stack = stack
            _require_regular_files()
            module = importlib.import_module(f"kaldra.cli.{options.__name__}")
            module.run(Console(quiet=quiet), **given)

        return options

    return command


@_verb()
def up(stack: Stack = "dev", assume_yes: Yes = False, quiet: Quiet = False) -> None:
    """Create or update the platform, then wait until GET /status/ responds."""


@_verb()
def down(
    stack: Stack = "dev",
    everything: bool = Option(
        False, "--all", help="Also remove cluster, registry, and the dockerd started by `up`."
    ),
    assume_yes: bool = Option(False, "--yes", "-y", help="For scripts; `down` never asks."),
    quiet: Quiet = False,
) -> None:
    """Remove the stack."""


@_verb()
def preview(
    stack: Stack = "dev",
    expect_no_changes: bool = Option(
        False, "--expect-no-changes", help="Fail if anything would change."
    ),
    assume_yes: Yes = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Show what `up` would change in the stack."""


@_verb()
def rollback(
    stack: Stack = "dev",
    to: int | None = Option(
        None, min=1, help="Release number; default: the previous working release."
    ),
    assume_yes: bool = Option(False, "--yes", "-y", help="Skip the confirmation."),
    quiet: Quiet = False,
) -> None:
    """Roll back images and settings to an earlier release, after a preview."""


@_verb()
def render(
    out: Path = Option(..., "--out", "-o", help="Output folder; other files in it are kept."),
    stack: Stack = "dev",
    quiet: Quiet = False,
) -> None:
    """Write the stack's Kubernetes objects as YAML files, without cluster or network."""


@_verb()
def diff(
    base: str = Argument(..., metavar="BASE_REF", help="Branch, tag or commit."),
    stacks: list[str] | None = Option(None, "--stack", "-s", help="Stack; can be repeated."),
    quiet: Quiet = False,
) -> None:
    """Compare the rendered objects of a revision and of the working tree, as Markdown."""


@_verb()
def build(
    tag: str = Option("dev", help="Tag of the images."),
    push: str | None = Option(None, help="Registry to push to, such as ghcr.io/OWNER."),
    sbom: bool = Option(
        False, "--sbom", help="Write a CycloneDX SBOM of each image, and a vulnerability report."
    ),
    strict: bool = Option(
        False,
        "--strict",
        help="Like --sbom; fail on a known vulnerability of a Python package, "
        "or if vulnerabilities cannot be checked.",
    ),
    out: Path = Option(Path("dist"), help="Output folder of --sbom."),
    no_cache: bool = Option(False, "--no-cache", help="Build without the layer cache."),
    assume_yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Build the images kaldra-core and kaldra-api; optionally write SBOMs and push."""


@_verb(hidden=True)
def publish(
    registry: str = Argument(..., help="Registry with the images."),
    tag: str = Option(..., help="Tag of the images."),
    architectures: list[str] | None = Option(
        None, "--arch", help="Architecture pushed as TAG-ARCH; can be repeated."
    ),
    quiet: Quiet = False,
) -> None:
    """Create one multi-architecture tag from the images of each architecture (for releases)."""


@_verb(context_settings={"ignore_unknown_options": True})
def test(
    arguments: list[str] | None = Argument(None, help="Arguments passed to pytest."),
    fast: bool = Option(False, "--fast", help="Skip the end-to-end tests."),
) -> None:
    """Run lint, unit tests and end-to-end tests."""


@_verb()
def lint() -> None:
    """Check Python, JavaScript, CSS, YAML, Dockerfiles, shell, workflows, links and manifests."""


@_verb()
def doctor(
    stack: Stack = "dev",
    fix: bool = Option(False, "--fix", help="Repair what can be repaired; ask before removing."),
    assume_yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Tell for each tool where it was found, what is wrong and how to fix it."""


@_verb()
def env(stack: Stack = "dev") -> None:
    """Print the environment for plain pulumi: eval "$(./kaldra env)"."""


@_verb()
def forward(
    stack: Stack = "dev",
    port: int = Option(8080, min=1, max=65535, help="Local port."),
    service: str = Option("kaldra-api", help="Service to forward to."),
) -> None:
    """Forward a local port to a service on Kubernetes, until interrupted."""


@_verb()
def logs(
    stack: Stack = "dev",
    follow: bool = Option(
        False, "--follow", "-f", help="Keep following, through rollouts and restarts."
    ),
    service: str = Option("", metavar="NAME", help="One service alone: `api` or `core`."),
    level: Literal["debug", "info", "warning", "error"] | None = Option(
        None, help="The least severe level shown."
    ),
    request: str = Option("", metavar="ID", help="Request id, or its beginning."),
    trace: str = Option("", metavar="ID", help="Trace id, or its beginning."),
    since: Since = "",
    previous: bool = Option(False, "--previous", help="The run before the last restart."),
    lines: int | None = Option(
        None, min=0, help="Last lines of each container; 100 without a filter, else all."
    ),
    as_json: AsJson = False,
) -> None:
    """Print the log records of both services, ordered by time."""


@_verb()
def trace(
    identifier: str = Argument("", metavar="ID", help="Request id or trace id, or its beginning."),
    stack: Stack = "dev",
    slowest: bool = Option(False, "--slowest", help="The request that took longest."),
    since: Since = "",
    file: str = Option("", metavar="PATH", help="Saved output of `serve`; - for a pipe."),
) -> None:
    """Print where the time of a request went, from the spans that the services logged."""


@_verb()
def serve(
    service: str = Argument("all", help="Service to run: `api`, `core` or `all`."),
    reload: bool = Option(
        False, "--reload", help="Serve each save of code or data at once; no request fails."
    ),
) -> None:
    """Run the services without Docker, until interrupted."""


@_verb()
def dev(
    services: list[str] | None = Argument(None, metavar="SERVICE", help="`api`, `core`; both."),
    stack: Stack = "dev",
    restore: bool = Option(False, "--restore", help="Return to the images' code, and end."),
    debug: str | None = Option(
        None, metavar="SERVICE", help="Let debuggers attach on 127.0.0.1:5678."
    ),
) -> None:
    """Serve each save from the running containers, without a build or a rollout."""


@_verb()
def checklist(stack: Stack = "dev", assume_yes: Yes = False) -> None:
    """Run seven checks on a finished deployment: ✔, or ✘ with the fix."""


@_verb()
def status(stack: Stack = "dev", as_json: AsJson = False) -> None:
    """Tell what runs: images, pods, health."""


@_verb()
def key(
    name: str = Argument("", metavar="NAME", help="Caller; needless where there is only one."),
    stack: Stack = "dev",
    curl: bool = Option(False, "--curl", help="Print a curl command that reads the key itself."),
) -> None:
    """Print an API key of the gateway."""


@_verb()
def clean(
    stack: Stack = "dev",
    dry_run: bool = Option(False, "--dry-run", help="Only show what would be removed."),
    everything: bool = Option(False, "--all", help="Also earlier releases: keep only what runs."),
    assume_yes: bool = Option(False, "--yes", "-y", help="Do it without asking."),
) -> None:
    """Remove images, build cache, tools and keys that no release, container or clone needs."""


@_verb()
def completion(shell: Literal["bash", "zsh", "fish"] = Argument(..., help="Shell.")) -> None:
    """Print a shell's completion script: source <(./kaldra completion bash)."""


@_verb(hidden=True)
def lock() -> None:
    """Write pinned versions into every file and regenerate requirements.lock (for maintainers)."""


@_verb(hidden=True)
def reference() -> None:
    """Regenerate the generated parts of docs/ (for maintainers)."""
