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
        for stack_file in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.staging.yaml"):
            # A team's file may set what a test changes.
            lines = (REPO / stack_file).read_text().splitlines(keepends=True)
            kept = [line for line in lines if "kaldra:logLevel" not in line]
            (root / stack_file).write_text("".join(kept))
        for name in ("kaldra", "requirements.lock"):
            shutil.copy(REPO / name, root)
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

    def append(self, file, text):
        with (self.root / file).open("a") as opened:
            opened.write(text)

    def diff(self, *arguments):
        return ran(self.root / "kaldra", "diff", *arguments)


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


def test_a_change_of_a_setting_and_of_the_program_is_told(repository):
    repository.append("Pulumi.dev.yaml", "  kaldra:logLevel: DEBUG\n")
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
    shutil.rmtree(repository.root / "platform/kaldra/render")
    repository.commit("v0")
    render = REPO / "platform/kaldra/render"
    back = repository.root / "platform/kaldra/render"
    shutil.copytree(render, back, ignore=WITHOUT_CACHES)
    done = repository.diff("v0")
    assert done.returncode == 2
    assert "is older than `./kaldra render`" in done.stderr


def test_a_base_that_does_not_render_is_named(repository):
    repository.append("Pulumi.dev.yaml", "  kaldra:logLevle: DEBUG\n")
    repository.commit("broken")
    repository.git("checkout", "--quiet", "v1")
    done = repository.diff("broken", "--stack", "dev")
    assert done.returncode == 2
    assert "In broken: Unknown setting kaldra:logLevle" in done.stderr


@pytest.mark.parametrize("ref", ["nobody/knows", "--output=x"])
def test_a_ref_that_names_nothing_is_a_mistake(repository, ref):
    done = repository.diff("--", ref)
    assert done.returncode == 2
    assert "is not a commit" in done.stderr
    assert not (repository.root / "x").exists()


def test_a_stack_of_neither_side_is_a_mistake(repository):
    done = repository.diff("v1", "--stack", "nowhere")
    assert done.returncode == 2
    assert "Stack 'nowhere' exists neither in" in done.stderr
