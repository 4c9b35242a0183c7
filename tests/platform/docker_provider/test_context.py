import os
from pathlib import Path

import pytest

from kaldra.docker_provider.image import context_digest as digest
from kaldra.errors import KaldraError

IGNORE = """# comment
*.md
node_modules
!node_modules/x/keep.txt
**/sub
!app/sub/t*.py
/a.b/*
"""


def write(path: Path, text: str = "x", mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


@pytest.fixture
def tree(tmp_path, monkeypatch) -> Path:
    """A context with a bit of everything; the test runs beside it."""
    context: Path = tmp_path / "context"
    for name in (
        *("Dockerfile", "app/sub/two.py", "app/sub/gone.py", "a/z", "a.b/z", "a b.txt", "ünï.txt"),
        *("read.md", "node_modules/x/keep.txt", "node_modules/x/drop.txt"),
    ):
        write(context / name, f"{name}\n")
    write(context / "app/one.py", "1\n", 0o755)
    write(context / ".dockerignore", IGNORE)
    (context / "a/link").symlink_to("../app/one.py")
    (context / "dirlink").symlink_to("app")
    (context / "absolute").symlink_to("/usr")
    monkeypatch.chdir(tmp_path)
    return context


def now() -> str:
    return digest("context", "context/Dockerfile")


def test_the_order_in_which_files_were_made_does_not_matter(tmp_path):
    names = ["b", "a", "c/d", "a.txt"]
    for folder, order in (("one", names), ("two", names[::-1])):
        write(tmp_path / folder / "Dockerfile", "FROM scratch")
        for name in order:
            write(tmp_path / folder / name, name)
    first, second = (str(tmp_path / folder) for folder in ("one", "two"))
    assert digest(first, f"{first}/Dockerfile") == digest(second, f"{second}/Dockerfile")


@pytest.mark.parametrize(
    ("counts", "change"),
    [
        (True, lambda tree: write(tree / "app/one.py", "changed", 0o755)),
        (True, lambda tree: (tree / "app/one.py").chmod(0o644)),
        (True, lambda tree: (tree / "a/z").rename(tree / "a/y")),
        (True, lambda tree: write(tree / "app/sub/two.py", "taken in again")),
        (True, lambda tree: write(tree / "node_modules/x/keep.txt", "taken in again")),
        (True, lambda tree: ((tree / "dirlink").unlink(), (tree / "dirlink").symlink_to("a"))),
        (True, lambda tree: write(tree / "Dockerfile", "FROM other\n")),
        (True, lambda tree: (tree / "new-link").symlink_to("nowhere")),
        (False, lambda tree: write(tree / "read.md", "changed")),
        (False, lambda tree: write(tree / "node_modules/x/drop.txt", "changed")),
        (False, lambda tree: write(tree / "app/sub/gone.py", "changed")),
        (False, lambda tree: write(tree / "a.b/z", "changed")),
        (False, lambda tree: (tree / "empty").mkdir()),
        (False, lambda tree: os.utime(tree / "app/one.py", (1, 1))),
    ],
)
def test_what_the_build_sees_counts_and_nothing_else(tree, counts, change):
    before = now()
    change(tree)
    assert (now() != before) is counts


def test_a_dockerfile_outside_the_context_counts_under_any_name(tree, tmp_path):
    write(tmp_path / "one.Dockerfile", "FROM scratch\n")
    write(tmp_path / "two.Dockerfile", "FROM scratch\n", 0o600)
    one = digest("context", "one.Dockerfile")
    assert digest("context", "two.Dockerfile") == one
    write(tmp_path / "one.Dockerfile", "FROM other\n")
    assert digest("context", "one.Dockerfile") != one


def test_a_dockerfiles_own_ignore_file_comes_first(tree):
    everything = now()
    write(tree / "Dockerfile.dockerignore", "*\n!app\n")
    own = now()
    assert own != everything
    write(tree / "a/z", "changed")
    write(tree / ".dockerignore", "app")
    assert now() == own


def test_an_unreadable_file_is_named(tree, monkeypatch):
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(KaldraError, match=r"cannot be read: Permission denied: context"):
        now()
