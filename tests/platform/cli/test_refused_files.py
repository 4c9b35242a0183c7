"""What the machine refuses is a message, never a traceback: a full disk, a file for a folder."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kaldra.errors import ConfigurationError
from kaldra.paths import REPO
from kaldra.stack import stack_file
from tests.processes import ran


def kaldra(
    *words: str, clone: Path = REPO, stdout: int = subprocess.PIPE, **env: str
) -> tuple[int, str]:
    """Exit code and standard error of a command that finds no Docker Engine."""
    done = subprocess.run(
        [clone / "kaldra", *words],
        env={**os.environ, "DOCKER_HOST": "unix:///nobody", **env},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("variable", ["KALDRA_STATE", "KALDRA_HOME"])
@pytest.mark.parametrize("kind", ["file", "loop", "long"])
def test_a_folder_that_cannot_be_one_is_named(tmp_path, variable, kind):
    path = tmp_path / ("x" * 300 if kind == "long" else kind)
    if kind == "file":
        path.touch()
    if kind == "loop":
        path.symlink_to("loop")
    own = {"KALDRA_STATE": str(tmp_path / "state"), variable: str(path)}
    code, said = kaldra("preview", "--stack", "local", **own)
    assert code == 1
    assert f"✗ {path}" in said
    assert " cannot be used: " in said


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"KALDRA_HOME": "/proc/kaldra"}, "/proc/kaldra cannot be used: No such file"),
        (
            {"SSL_CERT_FILE": "/missing.pem"},
            "SSL_CERT_FILE names /missing.pem, which is not a file",
        ),
        (
            {"KALDRA_PUBLISHERS_URL": "mirror/x", "KALDRA_ROUTE": "publisher"},
            "KALDRA_PUBLISHERS_URL=mirror/x is not a URL",
        ),
        (
            {
                "DOCKER_HOST": "tcp://127.0.0.1:9",
                "DOCKER_TLS_VERIFY": "1",
                "DOCKER_CERT_PATH": "/no",
            },
            "ca.pem, cert.pem and key.pem in /no",
        ),
    ],
)
def test_a_variable_that_leads_nowhere_is_named(tmp_path, variables, told):
    own = {"KALDRA_STATE": str(tmp_path / "state"), "KALDRA_HOME": str(tmp_path / "home")}
    code, said = kaldra("preview", "--stack", "local", **{**own, **variables})
    assert code in (1, 2)
    assert told in said


@pytest.mark.parametrize(
    "variable", ["KALDRA_ENV_FILE", "KUBECONFIG", "PULUMI_CONFIG_PASSPHRASE_FILE", "SSL_CERT_FILE"]
)
def test_a_pipe_that_a_variable_names_is_refused(tmp_path, monkeypatch, verb, variable):
    """As `<(command)` of a shell gives one: a second process would find it empty."""
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv(variable, str(tmp_path / "pipe"))
    with pytest.raises(ConfigurationError, match=f"{variable} names .*/pipe, which is a") as caught:
        verb("status", "--stack", "local")
    assert caught.value.hint.endswith(f"regular file: export {variable}=FILE")


@pytest.mark.parametrize("name", [".docker/config.json", ".kube/config"])
def test_a_pipe_in_the_home_is_refused(tmp_path, monkeypatch, verb, name):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    (tmp_path / name).parent.mkdir()
    os.mkfifo(tmp_path / name)
    with pytest.raises(ConfigurationError, match=f"^{tmp_path}/{name} is a pipe"):
        verb("status", "--stack", "local")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("render", "--out", ""), "--out is empty"),
        (("render", "--out="), "--out is empty"),
        (("render", "-o", ""), "-o is empty"),
        (("key", ""), "An argument is empty"),
        (("diff", "--", ""), "An argument is empty"),
    ],
)
def test_an_empty_argument_is_refused(verb, words, told):
    with pytest.raises(ConfigurationError, match=f"^{told}"):
        verb(*words)


def test_objects_go_into_no_folder_that_cannot_be_made():
    code, said = kaldra("render", "--out", "/proc/objects")
    assert code == 2
    assert "✗ /proc/objects cannot be made: No such file or directory.\n  → Give" in said


def test_a_stack_without_objects_says_what_to_render(tmp_path):
    code, said = kaldra("render", "--stack", "local", "--out", str(tmp_path))
    assert code == 2
    command = said.rpartition("→ ")[2].replace("DIR", str(tmp_path))
    subprocess.run(["sh", "-c", command], cwd=REPO, check=True, capture_output=True)  # noqa: S607
    assert list(tmp_path.glob("deployment-*.yaml"))


def test_a_hint_is_of_the_stack_that_it_is_about(tmp_path):
    code, said = kaldra("clean", "--dry-run", "--stack", "local", KALDRA_STATE=str(tmp_path))
    assert code == 1
    assert "→ ./kaldra doctor --stack local\n" in said


def test_a_clone_that_cannot_be_written_is_named(tmp_path):
    shutil.copytree(REPO / "platform/kaldra", tmp_path / "platform/kaldra")
    shutil.copy2(REPO / "kaldra", tmp_path)
    # Root may write anywhere; this stands for a read-only folder.
    (tmp_path / ".venv.lock").mkdir()
    code, said = kaldra("status", clone=tmp_path)
    assert code == 2
    assert f"✗ {tmp_path}/.venv.lock cannot be used: Is a directory." in said


def test_a_full_disk_behind_standard_output_is_told():
    with Path("/dev/full").open("wb") as full:
        code, said = kaldra("--help", stdout=full.fileno())
    assert code == 1
    assert "No space left on device" in said or "The disk is full" in said


def test_a_limit_of_the_shell_on_files_is_told(tmp_path):
    command = f"ulimit -f 1; exec '{REPO}/kaldra' render --out '{tmp_path}'"
    done = ran("sh", "-c", command)
    assert done.returncode == 1
    assert done.stderr.endswith("larger than this shell allows.\n  → ulimit -f unlimited\n")


def test_a_reader_that_goes_away_is_no_fault():
    read, write = os.pipe()
    os.close(read)
    code, said = kaldra("completion", "bash", stdout=write)
    os.close(write)
    assert (code, said) == (1, "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\n", "is not UTF-8 text"),
        (b"config: [a]\n", "must be a mapping"),
        (b"config:\n\tkaldra:target: dev\n", "is not valid YAML at line 2"),
        (b"config:\n  kaldra:a: 1\n  kaldra:a: 1\n", "kaldra:a twice, in line 2 and in line 3"),
        (b"config: {}\nsalt: a\nconfig: {}\n", "config twice, in line 1 and in line 3"),
        (b"config: {kaldra:g: {b: 1, 'b': 2}}\n", "b twice, in line 1 and in line 1"),
    ],
)
def test_a_stack_file_that_is_none_is_named(tmp_path, content, reason):
    (tmp_path / "Pulumi.x.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=rf"Pulumi\.x\.yaml .*{reason}"):
        stack_file.values("x", tmp_path)


def test_a_merged_key_may_be_overridden(tmp_path):
    text = "a: &a {b: 1, c: 1}\nconfig: {kaldra:d: {<<: *a, b: 2}}\n"
    (tmp_path / "Pulumi.x.yaml").write_text(text)
    assert stack_file.values("x", tmp_path) == {"d": {"b": 2, "c": 1}}


def test_a_folder_is_no_stack(tmp_path):
    (tmp_path / "Pulumi.x.yaml").mkdir()
    (tmp_path / "Pulumi.y.yaml").touch()
    with pytest.raises(ConfigurationError, match="'x' does not exist") as caught:
        stack_file.values("x", tmp_path)
    assert caught.value.hint == "Choose one of: y (option --stack)."
