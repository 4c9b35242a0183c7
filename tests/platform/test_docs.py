"""README and docs: links lead somewhere, commands work, nothing belongs to one machine."""

import re
import subprocess
from pathlib import Path

import pytest

from kaldra.cli.lint import FENCED
from kaldra.paths import REPO
from tests import commands, documented
from tests.documented import NAMES, PAGES
from tests.e2e.clone import copy_of_repo
from tests.platform.test_hints import RUN_BY
from tests.processes import ran, wait_for

SHOWN = {"diff", "dockerfile", "env", "json", "markdown", "mermaid", "python", "text", "yaml"}
"""What a block may hold besides commands."""
INLINE = re.compile(r"`(\./kaldra [^`\n]+)`")
HOME_PATH = re.compile(r"(?<![\w./-])/(?:root|home|Users|work)/")
DECISIONS = sorted((REPO / "docs" / "decisions").glob("[0-9]*.md"))
DECISION = re.compile(
    r"# (?P<number>\d{4}) (?P<title>\S.*)\n\n"
    r"- Status: (?P<status>accepted|superseded by \[.+\]\(.+\))\n- Date: \d{4}-\d\d-\d\d\n"
    r"\n## Context\n\n(?s:.+)\n## Decision\n\n(?s:.+)"
    r"\n## Alternatives\n\n(?s:.+)\n## Consequences\n\n(?s:.+)"
)
VARIABLE = re.compile(r"\bKALDRA_[A-Z][A-Z_]*[A-Z]\b")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_page_has_verbs_that_exist_blocks_of_a_kind_and_no_path_of_one_machine(page):
    text = page.read_text(encoding="utf-8")
    for code in INLINE.findall(text):
        for words in commands.calls(code):
            fault = commands.fault(words)
            # The name of a verb stands for the verb, without what it requires.
            assert not fault or fault.startswith("Missing parameter"), code
    blocks = {block["language"] for block in FENCED.finditer(text)}
    assert blocks <= SHOWN | {*commands.SHELL}
    assert not HOME_PATH.findall(text)


def test_every_path_of_where_to_change_what_exists():
    text = (REPO / "docs" / "where-to-change.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`([\w./-]+(?:/|\.\w+))`", text))
    assert [path for path in sorted(paths) if not (REPO / path).exists()] == []
    assert {path for path in paths if path.startswith(("app/", "core/", "platform/"))}


@pytest.mark.parametrize("page", DECISIONS, ids=[page.stem for page in DECISIONS])
def test_decisions_have_the_format_and_are_in_the_index(page):
    text = page.read_text(encoding="utf-8")
    found = DECISION.fullmatch(text)
    assert found is not None
    assert text.count("\n## ") == 4
    assert page.name.startswith(f"{found['number']}-")
    row = f"| [{found['number']}]({page.name}) | {found['title']} | {found['status']} |"
    assert row in (page.parent / "README.md").read_text(encoding="utf-8").splitlines()


def test_every_variable_that_the_platform_reads_is_documented():
    sources = [REPO / "kaldra", *(REPO / "platform").rglob("*.py")]
    used = {name for file in sources for name in _variables(file)}
    reference = REPO / "docs" / "reference"
    assert used <= _variables(reference / "cli.md") | _variables(reference / "settings.md")


def test_the_command_line_takes_every_documented_command():
    for page, line, found in documented.documented():
        for words in (each for command in found for each in commands.calls(command)):
            assert commands.fault(words) == "", f"{page.name}:{line} ./kaldra {' '.join(words)}"


def test_every_documented_command_is_known_to_work():
    """One that is new belongs into a table of tests/documented.py, one that is gone out of it."""
    told = {command for _, _, found in documented.documented() for command in found}
    listed = set(documented.LISTED)
    assert [each for each in told - listed if not documented.is_run_on_the_platform(each)] == []
    assert listed - told == set()
    assert len(listed) == len(documented.LISTED)


def test_the_tests_that_run_commands_of_pages_and_hints_exist():
    texts = [file.read_text(encoding="utf-8") for file in (REPO / "tests").rglob("test_*.py")]
    written = {
        name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)
    }
    assert {*documented.BY_ANOTHER_TEST.values(), *RUN_BY.values()} - written == set()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """A copy of the clone with a commit and a release of its own."""
    folder = tmp_path_factory.mktemp("docs") / "clone"
    copy_of_repo(folder)
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
    for words in ("init --quiet", "add .", "commit --quiet --message=all", "tag v0.1.0"):
        subprocess.run(["git", *who, *words.split()], cwd=folder, check=True)  # noqa: S607
    return folder


@pytest.mark.parametrize("command", sorted(documented.IN_A_SANDBOX))
def test_cheap_commands_work_in_a_sandbox(sandbox, command):
    done = ran("bash", "-euc", command, cwd=sandbox, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", sorted(documented.SERVERS))
def test_servers_answer(sandbox, free_port, command):
    port = {"API_PORT": str(free_port), "CORE_PORT": str(free_port)}
    own = command.replace("8000", str(free_port))
    process = subprocess.Popen(
        ["bash", "-euc", f"exec env {own}"],  # noqa: S607
        cwd=sandbox,
        env={"PATH": "/usr/bin:/bin", **port},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{free_port}/health", process)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _variables(file: Path) -> set[str]:
    return set(VARIABLE.findall(file.read_text(encoding="utf-8")))
