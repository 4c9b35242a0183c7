"""Whatever asks the environment for a name asks for one that is defined and documented."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from kaldra import variables
from kaldra.cli.workspace import GUARD
from kaldra.paths import REPO
from serving import dotenv
from tests.core.test_interpreters import NAMED as OTHER_PYTHONS

SOURCES = sorted((REPO / "platform").glob("kaldra/**/*.py"))
DEFINED = [
    one.name
    for value in vars(variables).values()
    for one in (value if isinstance(value, tuple) else (value,))
    if isinstance(one, variables.Variable)
]
LIBRARIES = {"NO_COLOR", "DOCKER_CONTEXT", "DOCKER_CERT_PATH"}
"""Read by rich and by the docker SDK alone."""


def documented() -> list[str]:
    """Names in the table of docs/reference/cli.md."""
    text = (REPO / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    section = text.partition("\n## Environment variables\n")[2].partition("\n#")[0]
    rows = [row for row in section.splitlines() if row.startswith("| `")]
    assert all(len(row.split(" | ")) == 4 for row in rows)
    return [name for row in rows for name in re.findall(r"`(\w+)`", row.split(" | ")[0])]


def asked(tree: ast.AST) -> Iterator[str]:
    """Names that code looks up in os.environ or by os.getenv, as source text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            if ast.unparse(node.value) == "os.environ":
                yield ast.unparse(node.slice)
        elif isinstance(node, ast.Call):
            if ast.unparse(node.func) in {"os.environ.get", "os.getenv"}:
                yield ast.unparse(node.args[0])
        elif isinstance(node, ast.Compare) and "os.environ" in map(ast.unparse, node.comparators):
            yield ast.unparse(node.left)


def test_only_the_definition_asks_for_a_name() -> None:
    found = {
        f"{source.relative_to(REPO)}: {name}"
        for source in SOURCES
        for name in asked(ast.parse(source.read_text(encoding="utf-8")))
    }
    # The one reads what it defines; the other, whether a service's own setting is set.
    assert found == {
        "platform/kaldra/variables.py: self.name",
        "platform/kaldra/stack/dotenv.py: name",
    }


def test_names_are_defined_once() -> None:
    assert len(set(DEFINED)) == len(DEFINED)


def test_what_is_read_and_nothing_else_is_documented_once() -> None:
    others = read(REPO / "kaldra") | read(GUARD / "pulumi") | {dotenv.VARIABLE, OTHER_PYTHONS}
    assert sorted(documented()) == sorted({*DEFINED, *others, *LIBRARIES})


def read(script: Path) -> set[str]:
    """Variables that a shell script reads."""
    return set(re.findall(r"\$\{?([A-Z_]+)", script.read_text(encoding="utf-8")))
