"""Whatever asks the environment for a name asks for one that is defined, and so documented."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kaldra import variables
from kaldra.cli.workspace import GUARD
from kaldra.paths import REPO
from serving import dotenv

SOURCES = sorted((REPO / "platform").glob("kaldra/**/*.py"))
KNOWN = {one.name for one in variables.ALL}


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
    assert len(KNOWN) == len(variables.ALL)


def read(script: Path) -> set[str]:
    """Variables that a shell script reads."""
    return set(re.findall(r"\$\{?([A-Z_]+)", script.read_text(encoding="utf-8")))


def test_the_scripts_read_nothing_else() -> None:
    assert read(REPO / "kaldra") == {variables.PYTHON.name}
    guard = (variables.PULUMI, variables.PLAIN_SECRETS, *variables.LOGGED)
    assert read(GUARD / "pulumi") == {variable.name for variable in guard}


def test_those_that_others_read_have_the_same_name_there() -> None:
    assert variables.ENV_FILE.name == dotenv.VARIABLE
    other = (REPO / "tests/core/test_interpreters.py").read_text(encoding="utf-8")
    assert f'"{variables.OTHER_PYTHONS.name}"' in other


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(variables.STATE.name, "")
    assert variables.STATE.value == ""
    monkeypatch.setenv(variables.STATE.name, str(tmp_path))
    assert variables.STATE.value == os.environ[variables.STATE.name]
