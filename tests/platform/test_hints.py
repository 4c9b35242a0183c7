"""Commands that errors, hints and notes name exist, and tests run them."""

import ast
import re
from collections.abc import Iterator

from kaldra.paths import REPO
from tests import commands, documented

SOURCES = [
    path
    for package in ("platform", "serving", "app", "core", "contract")
    for path in sorted((REPO / package).rglob("*.py"))
]
STANDS_FOR = {"VERSION": "0.1.0", "base": "origin/main", "name": "serve", "verb": "up"}
"""What is filled in for an expression in a text; "x" for the others."""
RUN_BY = {
    "./kaldra build --push ghcr.io/OWNER": documented.PUSHED,
    "./kaldra clean --all --yes": "test_only_what_runs_is_kept_after_a_yes",
    "./kaldra dev --restore": "test_a_save_is_served_and_up_returns_to_what_the_files_say",
    "./kaldra doctor --fix --yes": "test_a_lost_cluster_is_made_again_even_if_that_is_killed_once",
    "./kaldra key NAME": "test_the_hint_of_a_refusal_works",
    "./kaldra logs --since 10m": "test_the_hint_of_a_refusal_works",
    "./kaldra render --out DIR": "test_a_stack_without_objects_says_what_to_render",
    "./kaldra trace REQUEST_ID": "test_which_request",
    "./kaldra rollback --yes": "test_a_rollback_brings_back_images_and_settings",
}
"""The test that runs a command which no page has; the stack is left out."""
ONLY_NAMED = {"render", "render --stack x", "trace"}
"""The verb as the author of a file or a revision's feature: nobody is to run it."""
PAGE = re.compile(r"docs/[\w./-]+\.md")


def texts(source: str) -> Iterator[str]:
    """Strings of a module that it may print: docstrings are left out."""
    tree = ast.parse(source)
    explained = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    parts = {p for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for p in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(map(_filled, node.values))
        elif node not in explained | parts and isinstance(node, ast.Constant):
            yield node.value if isinstance(node.value, str) else ""


def _filled(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    return STANDS_FOR.get(ast.unparse(part.value), "x")


def command(words: list[str]) -> list[str]:
    """The words that the command line takes; prose may follow them, but no other option.

    A comma ends a command.
    """
    last = next((n for n, word in enumerate(words, 1) if word.endswith(",")), len(words))
    words = [word.removesuffix(",") for word in words[:last]]
    for length in range(len(words), 0, -1):
        if not commands.fault(words[:length]) and not any(w[0] == "-" for w in words[length:]):
            return words[:length]
    return []


def named() -> dict[str, str]:
    """Command, without the stack, of each text that names one → the file with the text."""
    return {
        " ".join(["./kaldra", *_without_stack(command(words))]): str(path.relative_to(REPO))
        for path in SOURCES
        for text in texts(path.read_text(encoding="utf-8"))
        for words in commands.calls(text)
        if words and " ".join(words) not in ONLY_NAMED
    }


def _without_stack(words: list[str]) -> list[str]:
    return re.sub(r" --stack \S+", "", " ".join(words)).split()


def test_the_command_line_takes_each_command() -> None:
    assert "./kaldra" not in named()


def test_a_test_runs_each_command() -> None:
    documented_ = {
        " ".join(["./kaldra", *_without_stack(words)])
        for _, _, typed in documented.documented()
        for line in typed
        for words in commands.calls(line)
    }
    assert named().keys() - documented_ == RUN_BY.keys()


def test_pages_exist() -> None:
    found = {
        page
        for path in SOURCES
        for text in texts(path.read_text(encoding="utf-8"))
        for page in PAGE.findall(text)
    }
    assert found
    assert [page for page in found if not (REPO / page).is_file()] == []
