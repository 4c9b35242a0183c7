"""`./kaldra diff`: how a change of this repository changes the rendered objects."""

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import REPO
from kaldra.render import Manifests, diff, kubernetes_stacks, manifests
from kaldra.toolchain import commands


def run(console: Console, *, base: str, stacks: Sequence[str] | None) -> None:
    """Print a Markdown comparison of each stack's objects at `base` and in the working tree.

    Without `stacks`, all Kubernetes stacks of either revision.
    """
    revision = _revision(base)
    with _checkout(revision) as folder:
        if not (folder / "platform" / "kaldra" / "render").is_dir():
            raise ConfigurationError(
                f"{base} ({revision[:12]}) is older than `./kaldra render`; "
                "there is nothing to compare with.",
                hint="Use a later revision.",
            )
        chosen = list(stacks or ()) or sorted({*kubernetes_stacks(folder), *kubernetes_stacks()})
        with console.step(f"render · {', '.join(chosen)} · {base} and working tree"):
            found = _compare(chosen, folder, base)
    sys.stdout.write(diff.markdown(found, base))


def _compare(stacks: Sequence[str], folder: Path, base: str) -> dict[str, list[diff.Change]]:
    for stack in stacks:
        if not any(_has(stack, repo) for repo in (folder, REPO)):
            raise ConfigurationError(
                f"Stack {stack!r} exists neither in {base} nor in the working tree.",
                hint=f"Choose from: {', '.join(kubernetes_stacks())} (option --stack).",
            )
    with ThreadPoolExecutor(max_workers=2) as pool, commands.ending_together():
        before = [pool.submit(_rendered, stack, folder) for stack in stacks]
        after = [pool.submit(_rendered, stack, REPO) for stack in stacks]
        try:
            old = [one.result() for one in before]
        except KaldraError as error:
            raise type(error)(f"In {base}: {error}", hint=error.hint) from None
        new = [one.result() for one in after]
    return {s: diff.changes(b, a) for s, b, a in zip(stacks, old, new, strict=True)}


def _rendered(stack: str, repo: Path) -> Manifests:
    """The stack's objects; none if the revision does not have the stack."""
    return manifests(stack, repo) if _has(stack, repo) else {}


def _has(stack: str, repo: Path) -> bool:
    return (repo / f"Pulumi.{stack}.yaml").is_file()


def _revision(ref: str) -> str:
    """The commit of a branch, a tag or an abbreviation."""
    asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]
    done = _git(*asked)
    if done.returncode != 0:
        reason = done.stderr.strip() or "no such branch, tag or commit"
        raise ConfigurationError(
            f"{ref!r} is not a commit of this repository: {reason}.",
            hint=""
            if "not a git repository" in reason
            else "git fetch origin, then for example: ./kaldra diff origin/main",
        )
    return done.stdout.strip()


@contextmanager
def _checkout(revision: str) -> Iterator[Path]:
    """The files of a commit in a temporary folder; the working tree is not changed."""
    with tempfile.TemporaryDirectory(prefix="kaldra-diff-") as name:
        folder, packed = Path(name, "files"), Path(name, "files.tar")
        done = _git("archive", "--format=tar", f"--output={packed}", revision)
        if done.returncode != 0:
            raise KaldraError(f"git archive failed: {done.stderr.strip()}")
        with tarfile.open(packed) as files:
            files.extractall(folder, filter="data")
        yield folder


def _git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    try:
        return commands.captured(["git", *arguments], cwd=REPO)
    except FileNotFoundError:
        raise ConfigurationError("git is not installed.", hint="apt-get install git") from None
