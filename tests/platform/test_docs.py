"""README and docs: links lead somewhere, commands exist, nothing belongs to one machine."""

import re
import shlex
from pathlib import Path

import pytest

from kaldra.cli.reference import verbs
from kaldra.paths import REPO

PAGES = [REPO / "README.md", *sorted((REPO / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(REPO)) for page in PAGES]

CODE_BLOCK = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(r"\./kaldra ([a-z][^`\n]*)")
HOME_PATH = re.compile(r"(?<![\w./-])/(?:root|home|Users|work)/")
VARIABLE = re.compile(r"\bKALDRA_[A-Z][A-Z_]*[A-Z]\b")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_pages_and_headings(page):
    for link in LINK.findall(CODE.sub("`", _without_code_blocks(page))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_exist_with_their_options(page):
    for command in COMMAND.findall(page.read_text(encoding="utf-8")):
        assert not _fault(command), f"./kaldra {command}: {_fault(command)}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_page_names_a_path_of_one_machine(page):
    assert not HOME_PATH.findall(page.read_text(encoding="utf-8"))


def test_every_variable_that_the_platform_reads_is_documented():
    sources = [REPO / "kaldra", *(REPO / "platform").rglob("*.py")]
    used = {name for file in sources for name in _variables(file)}
    documented = {name for page in ("cli", "settings") for name in _variables(_reference(page))}
    assert used <= documented


def test_a_command_that_does_not_exist_is_a_fault():
    assert _fault("fly --stack dev") == "no such verb"
    assert _fault("up --fast") == "no option --fast"
    assert _fault('env)"') == ""
    assert _fault("test --fast -k settings   # one word") == ""


def _fault(command: str) -> str:
    """What is wrong with the words after `./kaldra`, up to the end of the shell command."""
    words = shlex.split(re.split(r"[|;&#)\"…]", command)[0], posix=False)
    verb = verbs(hidden=True).get(words[0].rstrip(".,:"))
    if verb is None:
        return "no such verb"
    known = {name for option in verb.params for name in option.opts} | {"--help"}
    passes_on = verb.context_settings.get("ignore_unknown_options")
    for word in words[1:]:
        if word.startswith("-") and word not in known and not passes_on:
            return f"no option {word}"
    return ""


def _anchors(page: Path) -> set[str]:
    """Headings as the links that renderers make of them."""
    headings = HEADING.findall(_without_code_blocks(page))
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def _without_code_blocks(page: Path) -> str:
    return CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))


def _variables(file: Path) -> set[str]:
    return set(VARIABLE.findall(file.read_text(encoding="utf-8")))


def _reference(name: str) -> Path:
    return REPO / "docs" / "reference" / f"{name}.md"
