"""`./kaldra lint`: run all checkers, even if one fails."""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from kaldra import rules
from kaldra.checks import markdown
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import REPO
from kaldra.render import kubernetes_stacks, manifests
from kaldra.stack.services import SERVICES
from kaldra.toolchain import commands, tools

AT_ONCE = 3
"""The type checker takes longest; the others run in parallel to it."""

PACKAGES = ("contract", "serving", *(service.package for service in SERVICES), "platform")
LOAD_DATA = "from core.vocabulary import load; load()"

Check = Callable[[], str]
"""Text of the findings; empty without findings."""


def run(console: Console) -> None:
    """Run the checkers; raises KaldraError naming those with findings."""
    chosen = checks(REPO, console)
    with ThreadPoolExecutor(AT_ONCE) as pool, commands.ending_together():
        passed = list(pool.map(partial(_passes, console), chosen, chosen.values()))
    failed = [name for name, good in zip(chosen, passed, strict=True) if not good]
    if failed:
        raise KaldraError(f"Lint failed: {', '.join(failed)}.", hint="See above.")


def checks(repo: Path, console: Console) -> dict[str, Check]:
    """Name → check."""
    tracked = _tracked(repo)
    python = [sys.executable, "-m"]
    shell = [p for p in tracked if _is_shell(repo / p)]
    dockerfiles = [p for p in tracked if p.endswith("Dockerfile")]
    yaml = [p for p in tracked if p.endswith((".yaml", ".yml"))]
    workflows = [p for p in yaml if p.startswith(".github/workflows/")]
    packages = [d for d in PACKAGES if (repo / d).is_dir()]

    def command(*words: str, **variables: str) -> Check:
        return partial(_command, repo, words, **variables)

    found: dict[str, Check] = {
        "mypy": command(*python, "mypy", "--no-error-summary", *packages),
        "ruff check": command(*python, "ruff", "check", "--quiet", "."),
        "ruff format": command(*python, "ruff", "format", "--check", "--quiet", "."),
        "import rules": command(
            *(_tool("lint-imports"), "--no-logo"), PYTHONPATH=f"{repo}{os.pathsep}{repo}/platform"
        ),
        "dependencies": command(*python, "deptry", "--no-ansi", "."),
        "dead code": partial(_dead_code, repo),
        "yamllint": command(*python, "yamllint", "--strict", *yaml),
        "shellcheck": command(_tool("shellcheck"), *shell),
        "hadolint": command(_tool("hadolint"), *dockerfiles),
        "vocabularies": command(sys.executable, "-c", LOAD_DATA, PYTHONPATH=str(repo)),
        "Markdown links": partial(_links, repo, [p for p in tracked if p.endswith(".md")]),
        "rendered objects": partial(_rendered, repo),
    }
    if web := [p for p in tracked if p.endswith((".js", ".css", ".json"))]:
        found["biome"] = command(_tool("biome"), "check", "--colors=off", *web)
    if workflows:
        found["zizmor"] = command(
            _tool("zizmor"), "--offline", "--quiet", "--persona=auditor", *workflows
        )
        found["actionlint"] = partial(_actionlint, repo, workflows, console)
    return found


def _passes(console: Console, name: str, check: Check) -> bool:
    with console.step(name) as step:
        try:
            said = check()
        except KaldraError as error:
            said = f"{error}\n  → {error.hint}" if error.hint else str(error)
        step.done("failed" if said else "passed")
    if said:
        console.raw(said)
    return not said


def _command(repo: Path, words: Sequence[str], **variables: str) -> str:
    done = commands.captured(words, cwd=repo, env=os.environ | variables)
    said = (done.stdout + done.stderr).strip()
    return "" if done.returncode == 0 else said or f"exit code {done.returncode}"


def _dead_code(repo: Path) -> str:
    """Unused functions, classes, methods and imports.

    Fields of models and typed dictionaries are read by name only, so unused variables and
    attributes are not reported.
    """
    found = _command(repo, [sys.executable, "-m", "vulture"]).splitlines()
    return "\n".join(f for f in found if "unused variable" not in f and "unused attribute" not in f)


def _actionlint(repo: Path, workflows: Sequence[str], console: Console) -> str:
    program = str(tools.ensure_actionlint(console))
    shellcheck = f"-shellcheck={_tool('shellcheck')}"
    return _command(repo, [program, "-no-color", shellcheck, "-pyflakes=", *workflows])


def _links(repo: Path, pages: Iterable[str]) -> str:
    faults = ((page, fault) for page in pages for fault in markdown.link_faults(repo / page, repo))
    return "\n".join(f"{page}: {fault}" for page, fault in faults)


def _rendered(repo: Path) -> str:
    """Security rules for the objects of every Kubernetes stack."""
    found = []
    for stack in kubernetes_stacks(repo):
        faults = rules.check(list(manifests(stack, repo).values()))
        found += [f"{stack}: {each}" for each in faults]
    return "\n".join(found)


def _tracked(repo: Path) -> list[str]:
    """Files that git tracks or would track."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = commands.captured(command, cwd=repo)
    if listed.returncode != 0:
        raise ConfigurationError(f"git does not list the files to check: {listed.stderr.strip()}")
    return sorted(p for p in listed.stdout.split("\0") if p and (repo / p).is_file())


def _is_shell(path: Path) -> bool:
    if path.suffix:
        return path.suffix == ".sh"
    with path.open("rb") as file:
        first = file.readline(64)
    return first.startswith(b"#!") and first.rstrip().endswith((b"/sh", b"bash"))


def _tool(name: str) -> str:
    own = Path(sys.executable).parent / name
    return str(own) if own.exists() else shutil.which(name) or name
