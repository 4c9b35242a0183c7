"""`./kaldra diff`: how a change of this repository changes the rendered objects."""

import sys
import tarfile
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
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
    with tempfile.TemporaryDirectory(prefix="kaldra-diff-") as temporary:
        folder, packed = Path(temporary, "files"), Path(temporary, "files.tar")
        command = ("git", "-C", REPO, "archive", f"--output={packed}", revision)
        commands.run(command, what=f"git archive {revision}")
        with tarfile.open(packed) as files:
            files.extractall(folder, filter="data")
        if not (folder / "platform" / "kaldra" / "render").is_dir():
            raise ConfigurationError(
                f"{base} ({revision[:12]}) is older than `./kaldra render`; "
                "there is nothing to compare with.",
                hint="Use a later revision.",
            )
        chosen = list(stacks or ()) or sorted({*kubernetes_stacks(folder), *kubernetes_stacks()})
        with console.step(f"render · {', '.join(chosen)} · {base} and working tree"):
            pairs = _pairs(chosen, folder, base)
    sys.stdout.write(diff.markdown(pairs, base))


def _pairs(
    stacks: Sequence[str], folder: Path, base: str
) -> dict[str, tuple[Manifests, Manifests]]:
    """Each stack's objects in the folder with the files of `base`, and in the working tree."""
    with ThreadPoolExecutor(max_workers=2) as pool, commands.ending_together():
        before, after = (pool.map(_rendered, stacks, repeat(repo)) for repo in (folder, REPO))
        try:
            old = list(before)
        except KaldraError as error:
            raise type(error)(f"In {base}: {error}", hint=error.hint) from None
        pairs = dict(zip(stacks, zip(old, after, strict=True), strict=True))
    for stack, pair in pairs.items():
        if not any(pair):
            raise ConfigurationError(
                f"Stack {stack!r} exists neither in {base} nor in the working tree.",
                hint=f"Choose from: {', '.join(kubernetes_stacks())} (option --stack).",
            )
    return pairs


def _rendered(stack: str, repo: Path) -> Manifests:
    """The stack's objects; none if the revision does not have the stack."""
    return manifests(stack, repo) if (repo / f"Pulumi.{stack}.yaml").is_file() else {}


def _revision(ref: str) -> str:
    """The commit of a branch, a tag or an abbreviation."""
    asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]
    try:
        done = commands.captured(["git", *asked], cwd=REPO)
    except FileNotFoundError:
        raise ConfigurationError("git is not installed.", hint="apt-get install git") from None
    if done.returncode == 0:
        return done.stdout.strip()
    reason = done.stderr.strip() or "no such branch, tag or commit"
    fetch = "git fetch origin, then for example: ./kaldra diff origin/main"
    raise ConfigurationError(
        f"{ref!r} is not a commit of this repository: {reason}.",
        hint="" if "not a git repository" in reason else fetch,
    )
