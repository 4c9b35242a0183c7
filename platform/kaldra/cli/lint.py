"""`./kaldra lint`: run all checkers, even if one fails."""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

from kaldra import rules
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

FENCED = re.compile(
    r"^(?P<indent> *)```(?P<language>[a-z]*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
"""A fenced block of a Markdown page."""
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"(?<!\\)\[(?:[^\]]|\\\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]^]+\]:\s+<?(\S+?)>?$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.MULTILINE)
_EXPLICIT_ANCHOR = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

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

    def command(*words: str, **variables: str) -> Check:
        return partial(_command, repo, words, **variables)

    def files(*ends: str) -> list[str]:
        return [path for path in tracked if path.endswith(ends)]

    python = [sys.executable, "-m"]
    yaml = files(".yaml", ".yml")
    workflows = [path for path in yaml if path.startswith(".github/workflows/")]
    return {
        "mypy": command(*python, "mypy", "--no-error-summary", *PACKAGES),
        "ruff check": command(*python, "ruff", "check", "--quiet", "."),
        "ruff format": command(*python, "ruff", "format", "--check", "--quiet", "."),
        "import rules": command(
            *(_tool("lint-imports"), "--no-logo"), PYTHONPATH=f"{repo}{os.pathsep}{repo}/platform"
        ),
        "dependencies": command(*python, "deptry", "--no-ansi", "."),
        "dead code": partial(_dead_code, repo),
        "yamllint": command(*python, "yamllint", "--strict", *yaml),
        "shellcheck": command(_tool("shellcheck"), *(p for p in tracked if _is_shell(repo / p))),
        "hadolint": command(_tool("hadolint"), *files("Dockerfile")),
        "vocabularies": command(sys.executable, "-c", LOAD_DATA, PYTHONPATH=str(repo)),
        "Markdown links": partial(_links, repo, files(".md")),
        "rendered objects": partial(_rendered, repo),
        "biome": command(_tool("biome"), "check", "--colors=off", *files(".js", ".css", ".json")),
        "zizmor": command(_tool("zizmor"), "--offline", "--quiet", "--persona=auditor", *workflows),
        "actionlint": partial(_actionlint, repo, workflows, console),
    }


def link_faults(page: Path, root: Path) -> Iterator[str]:
    """Links of a page that lead to no file of the repository, or to no heading of it.

    Addresses elsewhere are not asked.
    """
    prose = _CODE.sub("`", FENCED.sub("", page.read_text(encoding="utf-8")))
    links = [*_LINK.findall(prose), *_REFERENCE.findall(prose)]
    for link in dict.fromkeys(link for link in links if not _ABSOLUTE.match(link)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_relative_to(root.resolve()):
            yield f"{link}: leads out of the repository"
        elif not target.exists():
            yield f"{link}: no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            yield f"{link}: no such heading"


def anchors(page: Path) -> set[str]:
    """Headings as the links that renderers make of them; a second one of a name gets a number."""
    prose = FENCED.sub("", page.read_text(encoding="utf-8"))
    found: set[str] = set(_EXPLICIT_ANCHOR.findall(prose))
    for heading in _HEADING.findall(prose):
        words = _LINK.sub(lambda link: link[0][1 : link[0].index("]")], heading)
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        numbered = (f"{name}-{number}" if number else name for number in count())
        found.add(next(each for each in numbered if each not in found))
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


def _links(repo: Path, pages: Sequence[str]) -> str:
    return "\n".join(f"{p}: {fault}" for p in pages for fault in link_faults(repo / p, repo))


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
