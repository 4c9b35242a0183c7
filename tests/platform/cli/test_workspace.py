from pathlib import Path

import pytest

from kaldra.cli.workspace import Workspace, environment, prepare_state
from kaldra.errors import ConfigurationError
from kaldra.stack.settings import Settings

FILE = "PULUMI_CONFIG_PASSPHRASE_FILE"
PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"


@pytest.fixture
def clone(state, monkeypatch):
    for name in (PASSPHRASE, FILE):
        monkeypatch.delenv(name, raising=False)
    return Workspace("try", Settings(target="dev"))


def shared(backend="s3://states", **settings):
    return Workspace("try", Settings(target="dev", state_backend=backend, **settings))


@pytest.mark.parametrize("given", [None, "", "of another project"])
def test_a_dev_stack_has_the_published_passphrase(clone, monkeypatch, given):
    if given is not None:
        monkeypatch.setenv(PASSPHRASE, given)
    prepare_state(clone)
    assert environment(clone)[PASSPHRASE] == "kaldra-dev"


def test_what_holds_state_is_open_to_its_owner_alone(clone, tmp_path):
    (tmp_path / "state").mkdir(mode=0o755)
    prepare_state(clone)
    for folder in ("state", "pulumi"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("given", [None, "", "kaldra-dev"])
def test_a_shared_stack_needs_a_secret_passphrase(clone, monkeypatch, given):
    if given is not None:
        monkeypatch.setenv(PASSPHRASE, given)
    with pytest.raises(ConfigurationError, match="needs a passphrase") as caught:
        prepare_state(shared())
    assert caught.value.hint.startswith(f"export {FILE}=…")


def test_a_passphrase_that_a_clone_made_for_staging_is_named(clone, tmp_path):
    (tmp_path / "passphrase.old").write_text("random")
    with pytest.raises(ConfigurationError) as caught:
        prepare_state(shared())
    assert caught.value.hint == f"export {FILE}={tmp_path}/passphrase.old"


def test_an_empty_passphrase_does_not_win_over_a_file(clone, monkeypatch, tmp_path):
    monkeypatch.setenv(PASSPHRASE, "")
    monkeypatch.setenv(FILE, str(tmp_path / "team"))
    prepare_state(shared())
    assert PASSPHRASE not in {**shared().inherited(), **environment(shared())}
    assert shared().inherited()[FILE] == str(tmp_path / "team")


@pytest.mark.parametrize(
    "workspace",
    [shared(secrets_provider="awskms://alias/kaldra"), shared("https://api.pulumi.com")],
)
def test_a_key_service_needs_no_passphrase(clone, workspace):
    prepare_state(workspace)
    assert PASSPHRASE not in environment(workspace)


def test_a_dev_stack_may_have_a_secret_passphrase(clone, monkeypatch):
    own = Workspace("try", Settings(target="dev", secrets_provider="passphrase"))
    with pytest.raises(ConfigurationError, match="needs a passphrase"):
        prepare_state(own)
    monkeypatch.setenv(PASSPHRASE, "canary")
    prepare_state(own)
    assert own.inherited()[PASSPHRASE] == "canary"
    assert "canary" not in repr(environment(own))


def test_backend_and_kubeconfig_of_other_projects_are_never_used(clone, monkeypatch, tmp_path):
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://company-state")
    monkeypatch.setenv("KUBECONFIG", "/elsewhere/config")
    found = environment(clone)
    assert found["PULUMI_BACKEND_URL"] == f"file://{tmp_path / 'state'}?metadata=skip"
    assert found["KUBECONFIG"] == str(tmp_path / "kubeconfig")
    assert environment(shared())["PULUMI_BACKEND_URL"] == "s3://states"


def test_a_folder_with_odd_characters_is_quoted(clone, monkeypatch, tmp_path):
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "a%20b #1"))
    assert clone.backend == f"file://{tmp_path}/a%2520b%20%231/state?metadata=skip"
    assert clone.backend_folder == Path(f"{tmp_path}/a%20b #1/state")


def test_what_a_killed_pulumi_left_of_a_states_attributes_is_removed(clone):
    prepare_state(clone)
    stacks = clone.backend_folder / ".pulumi" / "stacks" / "kaldra"
    stacks.mkdir(parents=True)
    for name, text in {"cut.json.attrs": "", "whole.json.attrs": "{}", "cut.json": ""}.items():
        (stacks / name).write_text(text)
    prepare_state(clone)
    assert {file.name for file in stacks.iterdir()} == {"whole.json.attrs", "cut.json"}
