import os
from pathlib import Path

import pytest

from app.settings import Settings as ApiSettings
from core.settings import Settings as CoreSettings
from serving.dotenv import EXAMPLE, VARIABLE, EnvFile
from serving.settings import SettingsError, name_of

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A clone with the example and no .env, in an environment that sets nothing of ours."""
    for settings in (ApiSettings, CoreSettings):
        for field in settings.model_fields:
            monkeypatch.delenv(name_of(settings, field), raising=False)
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / EXAMPLE).write_bytes((REPO / EXAMPLE).read_bytes())
    return tmp_path


def written(root: Path, text: str) -> EnvFile:
    (root / ".env").write_text(text)
    return EnvFile.of(root)


def refused(root: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        written(root, text).load(ApiSettings)
    return str(caught.value).replace(str(root), "")


def test_without_a_file_the_defaults_hold(root):
    assert EnvFile.of(root).load(ApiSettings) == ApiSettings.load({})


def test_a_copy_of_the_example_changes_nothing(root):
    (root / ".env").write_bytes((root / EXAMPLE).read_bytes())
    file = EnvFile.of(root)
    assert set(file.values) == {"ENV", "KALDRA_LOG_LEVEL", "API_PORT", "CORE_SERVICE_URL"}
    assert file.load(ApiSettings) == ApiSettings.load({})
    assert file.load(CoreSettings) == CoreSettings.load({})


def test_every_line_of_the_example_can_be_used(root):
    lines = (root / EXAMPLE).read_text().splitlines()
    text = "\n".join(line.removeprefix("#") for line in lines if not line.startswith("# "))
    assert written(root, text).load(CoreSettings) == CoreSettings.load({})
    assert written(root, text).load(ApiSettings) == ApiSettings.load({})


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("ENV=test", "test"),
        ("  export ENV = test  ", "test"),
        ("ENV=test # on this machine", "test"),
        ("ENV=test#1", "test#1"),
        ("ENV='te # st'  # why", "te # st"),
        (r'ENV="te\"s\\t"', 'te"s\\t'),
        ("ENV='$HOME'", "$HOME"),
        (r"ENV='C:\temp\new'", r"C:\temp\new"),
        (r"ENV=C:\temp\new", r"C:\temp\new"),
        (r'ENV="US\$ 5"', "US$ 5"),
        ("ENV=5$", "5$"),
        ("ENV=test\r", "test"),
        ("\ufeffENV=test", "test"),
        *[(empty, "dev") for empty in ("ENV=", "ENV=''", "ENV= # none")],
    ],
)
def test_a_line_is_read(root, line, value):
    assert written(root, f"{line}\n").load(ApiSettings).environment == value


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("KALDRA_LOG_LEVEL=LOUD", "KALDRA_LOG_LEVEL is wrong: input should be 'DEBUG'"),
        ("API_PORT=70000", "API_PORT is wrong: input should be less than or equal to 65535"),
        ("KALDRA_LOG_LEVL=INFO", "KALDRA_LOG_LEVL is no variable of ours. Did you mean"),
        ("API_PORT", "this is not NAME=value: 'API_PORT'"),
        ("API-PORT=1", "this is not NAME=value: 'API-PORT'"),
        ("ENV='dev", "the quotes of ENV do not close at the end of the line"),
        ('ENV="dev" test', "the quotes of ENV do not close at the end of the line"),
        ("ENV=$HOME/keys", "ENV refers to another variable, and none is replaced here"),
        ('ENV="http://h:${CORE_PORT}"', "ENV refers to another variable"),
        (r'ENV="C:\temp\new"', "ENV has a backslash in double quotes"),
        (r'ENV="\\\n"', "ENV has a backslash in double quotes"),
        ("ENV=a\nENV=b", "ENV is set twice, first in line 3"),
    ],
)
def test_a_fault_is_told_with_file_line_and_variable(root, line, message):
    said = refused(root, f"# ours\n\n{line}\n")
    number = 4 if "twice" in message else 3
    assert said.startswith(f"/.env, line {number}: {message}")


def test_two_values_that_do_not_go_together_are_told_with_both_lines(root):
    said = refused(root, "KALDRA_SHUTDOWN_SECONDS=3\nKALDRA_DRAIN_SECONDS=4\n")
    assert said.startswith("/.env, line 1, 2: KALDRA_SHUTDOWN_SECONDS must be greater")


def test_the_environment_comes_first(root, monkeypatch):
    monkeypatch.setenv("API_PORT", "8101")
    monkeypatch.setenv("ENV", "")
    settings = written(root, "API_PORT=8102\nENV=test\n").load(ApiSettings)
    assert (settings.port, settings.environment) == (8101, "test")


def test_a_fault_of_the_environment_is_not_blamed_on_the_file(root, monkeypatch):
    monkeypatch.setenv("API_PORT", "x")
    assert refused(root, "API_PORT=8102\n").startswith("API_PORT is wrong")


def test_another_file_is_named_by_a_variable(root, monkeypatch):
    (root / "mine").write_text("ENV=mine\n")
    monkeypatch.setenv(VARIABLE, str(root / "mine"))
    assert written(root, "ENV=test\n").load(ApiSettings).environment == "mine"
    monkeypatch.setenv(VARIABLE, os.devnull)
    assert EnvFile.of(root).load(ApiSettings).environment == "dev"


def test_a_file_that_is_named_and_absent_is_told(root, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(root / "mine"))
    assert refused(root, "") == "/mine cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda file: file.symlink_to("unmounted"), r"\.env cannot be read: No such file"),
        (os.mkfifo, r"\.env is a pipe, a socket or a device; .*/dev/null"),
        (lambda file: file.write_bytes(b"ENV=dev\nENV=\xff\n"), "line 2: this is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_as_text_is_told(root, make, message):
    make(root / ".env")
    with pytest.raises(SettingsError, match=message):
        EnvFile.of(root)


def test_git_never_takes_the_file():
    assert "/.env" in (REPO / ".gitignore").read_text().splitlines()
