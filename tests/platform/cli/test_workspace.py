from pathlib import Path

import pytest

from kaldra.cli.workspace import Workspace, environment, prepare_state
from kaldra.errors import ConfigurationError
from kaldra.stack.settings import Settings

FILE = "PULUMI_CONFIG_PASSPHRASE_FILE"
PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"


def stack(**settings):
    return Workspace("try", Settings(target="dev", **settings))


SHARED = stack(state_backend="s3://states")
OWN = stack(secrets_provider="passphrase")


@pytest.fixture(autouse=True)
def _state(state, monkeypatch):
    for name in (PASSPHRASE, FILE):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("given", [None, "", "of another project"])
def test_a_dev_stack_has_the_published_passphrase(monkeypatch, given):
    if given is not None:
        monkeypatch.setenv(PASSPHRASE, given)
    prepare_state(stack())
    assert environment(stack())[PASSPHRASE] == "kaldra-dev"


def test_what_holds_state_is_open_to_its_owner_alone(tmp_path):
    (tmp_path / "state").mkdir(mode=0o755)
    prepare_state(stack())
    for folder in ("state", "pulumi"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("workspace", [SHARED, OWN])
@pytest.mark.parametrize("given", ["", "kaldra-dev"])
def test_a_stack_that_keeps_secrets_needs_a_passphrase_of_its_own(
    monkeypatch, tmp_path, workspace, given
):
    monkeypatch.setenv(PASSPHRASE, given)
    for made_for_staging in ("…", f"{tmp_path}/passphrase.old"):
        with pytest.raises(ConfigurationError, match="needs a passphrase") as caught:
            prepare_state(workspace)
        assert caught.value.hint.startswith(f"export {FILE}={made_for_staging}")
        (tmp_path / "passphrase.old").write_text("random")
    monkeypatch.setenv(PASSPHRASE, "canary")
    prepare_state(workspace)
    assert workspace.inherited()[PASSPHRASE] == "canary"
    assert "canary" not in repr(environment(workspace))


def test_an_empty_passphrase_does_not_win_over_a_file(monkeypatch, tmp_path):
    monkeypatch.setenv(PASSPHRASE, "")
    monkeypatch.setenv(FILE, str(tmp_path / "team"))
    prepare_state(SHARED)
    assert PASSPHRASE not in {**SHARED.inherited(), **environment(SHARED)}
    assert SHARED.inherited()[FILE] == str(tmp_path / "team")


@pytest.mark.parametrize(
    "settings",
    [
        {"state_backend": "s3://states", "secrets_provider": "awskms://alias/kaldra"},
        {"state_backend": "https://api.pulumi.com"},
    ],
)
def test_a_key_service_needs_no_passphrase(settings):
    prepare_state(stack(**settings))
    assert PASSPHRASE not in environment(stack(**settings))


def test_backend_and_kubeconfig_of_other_projects_are_never_used(monkeypatch, tmp_path):
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://company-state")
    monkeypatch.setenv("KUBECONFIG", "/elsewhere/config")
    found = environment(stack())
    assert found["PULUMI_BACKEND_URL"] == f"file://{tmp_path / 'state'}?metadata=skip"
    assert found["KUBECONFIG"] == str(tmp_path / "kubeconfig")
    assert environment(SHARED)["PULUMI_BACKEND_URL"] == "s3://states"


def test_a_folder_with_odd_characters_is_quoted(monkeypatch, tmp_path):
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "a%20b #1"))
    assert stack().backend == f"file://{tmp_path}/a%2520b%20%231/state?metadata=skip"
    assert stack().backend_folder == Path(f"{tmp_path}/a%20b #1/state")


def test_what_a_killed_pulumi_left_of_a_states_attributes_is_removed(tmp_path):
    stacks = tmp_path / "state/.pulumi/stacks/kaldra"
    stacks.mkdir(parents=True)
    for name, text in {"cut.json.attrs": "", "whole.json.attrs": "{}", "cut.json": ""}.items():
        (stacks / name).write_text(text)
    prepare_state(stack())
    assert {file.name for file in stacks.iterdir()} == {"whole.json.attrs", "cut.json"}
