"""`./kaldra diff` in a repository of the test's own."""

import shutil
import subprocess
import sys

import pytest

from kaldra.paths import REPO
from tests.processes import ran

WITHOUT_CACHES = shutil.ignore_patterns("__pycache__")


class Repository:
    """A copy of what is rendered, with one commit."""

    def __init__(self, root):
        self.root = root
        for name in ("Pulumi.yaml", "Pulumi.staging.yaml", "kaldra", "requirements.lock"):
            shutil.copy(REPO / name, root)
        # A team's file may set what a test changes.
        lines = (REPO / "Pulumi.dev.yaml").read_text().splitlines(keepends=True)
        kept = [line for line in lines if "kaldra:logLevel" not in line]
        (root / "Pulumi.dev.yaml").write_text("".join(kept))
        for folder in ("platform", "serving"):
            shutil.copytree(REPO / folder, root / folder, ignore=WITHOUT_CACHES)
        (root / ".gitignore").write_text(".venv\n")
        (root / ".venv").symlink_to(sys.prefix)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("v1")

    def git(self, *arguments):
        name = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
        command = ["git", *name, *arguments]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout

    def commit(self, tag):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", tag)
        self.git("tag", tag)

    def set(self, line):
        with (self.root / "Pulumi.dev.yaml").open("a") as opened:
            opened.write(f"  kaldra:{line}\n")

    def diff(self, *arguments):
        return ran(self.root / "kaldra", "diff", *arguments)

    def refuses(self, *arguments):
        done = self.diff(*arguments)
        assert done.returncode == 2
        return done.stderr


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


def test_a_change_of_a_setting_and_of_the_program_is_told(repository):
    repository.set("logLevel: DEBUG")
    program = repository.root / "platform/kaldra/stack/services.py"
    program.write_text(program.read_text().replace('PART_OF = "kaldra"', 'PART_OF = "other"'))
    done = repository.diff("v1", "--stack", "dev")
    assert done.returncode == 0, done.stderr
    assert "| `data.KALDRA_LOG_LEVEL` | `INFO` | `DEBUG` |" in done.stdout
    assert '| `metadata.labels["app.kubernetes.io/part-of"]` | `kaldra` | `other` |' in done.stdout
    assert repository.git("worktree", "list").count("\n") == 1


def test_a_stack_that_is_new_is_added_and_the_others_do_not_differ(repository):
    shutil.copy(repository.root / "Pulumi.dev.yaml", repository.root / "Pulumi.more.yaml")
    done = repository.diff("main")
    assert "| `dev` | 0 | 0 | 0 |" in done.stdout, done.stderr
    assert "more: Namespace `kaldra` added" in done.stdout


def test_a_base_older_than_rendering_is_told(repository):
    folder = repository.root / "platform/kaldra/render"
    folder.rename(repository.root / "render")
    repository.commit("v0")
    (repository.root / "render").rename(folder)
    assert "is older than `./kaldra render`" in repository.refuses("v0")


def test_a_base_that_does_not_render_is_named(repository):
    repository.set("logLevle: DEBUG")
    repository.commit("broken")
    repository.git("checkout", "--quiet", "v1")
    said = repository.refuses("broken", "--stack", "dev")
    assert "In broken: Unknown setting kaldra:logLevle" in said


def test_what_names_nothing_is_a_mistake(repository):
    for ref in ("nobody/knows", "--output=x"):
        assert "is not a commit" in repository.refuses("--", ref)
    assert not (repository.root / "x").exists()
    said = repository.refuses("v1", "--stack", "nowhere")
    assert "Stack 'nowhere' exists neither in" in said
