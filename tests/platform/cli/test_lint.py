"""What `./kaldra lint` looks at, and that a fault in each of it is found."""

import shutil
import subprocess

import pytest

from kaldra.cli import lint
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO

CONSOLE = Console(quiet=True)


@pytest.fixture
def repo(tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)  # noqa: S607
    shutil.copy(REPO / "pyproject.toml", tmp_path)
    for package in ("contract", "core", "serving", "platform", "docs"):
        (tmp_path / package).mkdir()
    return tmp_path


def found(repo, name):
    return lint.checks(repo, CONSOLE)[name]()


@pytest.mark.parametrize(
    ("check", "file", "text", "fault"),
    [
        ("yamllint", "a.yaml", "a: 1\na: 2\n", "duplication of key"),
        ("shellcheck", "run.sh", "#!/bin/sh\necho $1\n", "SC2086"),
        ("shellcheck", "run", "#!/usr/bin/env bash\necho $1\n", "SC2086"),
        ("hadolint", "x.Dockerfile", "FROM debian:latest\n", "DL3007"),
        ("biome", "a.json", '{"a": 1, "a": 2}\n', "noDuplicateObjectKeys"),
        ("Markdown links", "a.md", "[b](b.md)\n", "a.md: b.md: no such file"),
        ("ruff check", "a.py", "import os\n", "F401"),
        ("dependencies", "app/a.py", "import docutils\n", "DEP001 'docutils'"),
        ("dead code", "app/a.py", "def left() -> None:\n    pass\n", "unused function 'left'"),
        ("biome", "a.js", "debugger;\n", "noDebugger"),
        ("biome", "a.css", "a { colour: red; }\n", "noUnknownProperty"),
        (
            "zizmor",
            ".github/workflows/a.yml",
            "on: pull_request_target\njobs: {a: {runs-on: x, steps: [{run: 'echo'}]}}\n",
            "dangerous-triggers",
        ),
    ],
)
def test_a_fault_is_found(repo, check, file, text, fault):
    (repo / file).parent.mkdir(parents=True, exist_ok=True)
    (repo / file).write_text(text)
    assert fault in found(repo, check)


def test_ignored_files_are_left_alone(repo):
    (repo / ".gitignore").write_text("dist\n")
    (repo / "dist").mkdir()
    (repo / "dist" / "a.md").write_text("[b](b.md)\n")
    assert found(repo, "Markdown links") == ""


PAGE = """\
# A `title`, here

See [there](other.md#second-part) and [code](../run.sh "it").

## Second part
## Second part

1. In a list:

   ```sh
   ./kaldra up
     [no](link.md)
   ```

`[no](link.md)` [elsewhere](https://example.org/x.md) [mail](mailto:a@b)

[ref]: other.md
"""


@pytest.fixture
def page(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text("## Second part\n<a id='x'></a>\n")
    (tmp_path / "run.sh").touch()
    (tmp_path / "docs" / "page.md").write_text(PAGE)
    return tmp_path / "docs" / "page.md"


def test_good_links_have_no_fault_and_headings_are_anchors(page, tmp_path):
    assert list(lint.link_faults(page, tmp_path)) == []
    assert lint.anchors(page) == {"a-title-here", "second-part", "second-part-1"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a](gone.md)", "gone.md: no such file"),
        ("[a](other.md#third)", "other.md#third: no such heading"),
        ("[a](#gone)", "#gone: no such heading"),
        ("![a](gone.png)", "gone.png: no such file"),
        ("[a](../../outside.md)", "../../outside.md: leads out of the repository"),
        ("[a]: gone.md", "gone.md: no such file"),
        ("[`a`](gone.md)", "gone.md: no such file"),
    ],
)
def test_links_that_lead_nowhere(page, tmp_path, text, fault):
    page.write_text(f"# Page\n\n{text}\n")
    assert list(lint.link_faults(page, tmp_path)) == [fault]


def test_a_fault_of_a_rendered_object_is_told_with_its_stack(monkeypatch):
    fault = "Deployment kaldra/kaldra-api: runs as root (runs-as-root)"
    monkeypatch.setattr(lint, "kubernetes_stacks", lambda _: ["staging"])
    monkeypatch.setattr(lint, "manifests", lambda _stack, _repo: {"a": {"kind": "Deployment"}})
    monkeypatch.setattr(lint.rules, "check", lambda _: [fault])
    assert lint._rendered(REPO) == f"staging: {fault}"


def test_one_fault_hides_no_other(monkeypatch):
    def broken():
        raise KaldraError("no network", hint="a cable")

    wanted = {"a": lambda: "a fault", "b": lambda: "", "c": broken}
    monkeypatch.setattr(lint, "checks", lambda *_: wanted)
    with pytest.raises(KaldraError, match="Lint failed: a, c"):
        lint.run(CONSOLE)


def test_a_folder_without_git_is_told(tmp_path):
    with pytest.raises(KaldraError, match="not a git repository"):
        lint.checks(tmp_path, CONSOLE)
