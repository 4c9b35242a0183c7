import pytest

from kaldra.cli import workspace
from kaldra.cli.workspace import GUARD, Workspace, ensure_passphrase, environment
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.stack.settings import Settings


@pytest.fixture
def clone(tmp_path, monkeypatch):
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path))
    monkeypatch.setattr(workspace, "REPO", tmp_path)
    (tmp_path / "Pulumi.try.yaml").write_text("config: {}\n")
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    return Workspace("try", Settings(target="dev"))


def test_the_passphrase_is_made_once_for_its_owner_alone(clone, tmp_path):
    ensure_passphrase(clone)
    file = tmp_path / "passphrase"
    first = file.read_text()
    ensure_passphrase(clone)
    assert file.read_text() == first
    assert len(first.strip()) >= 32
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_lost_passphrase_is_never_replaced(clone, tmp_path):
    clone.checkpoint.parent.mkdir(parents=True)
    clone.checkpoint.write_text("{}")
    with pytest.raises(ConfigurationError, match="passphrase of stack try is missing"):
        ensure_passphrase(clone)
    assert not (tmp_path / "passphrase").exists()


def test_a_stack_file_of_another_passphrase_is_told(clone, tmp_path, monkeypatch):
    (tmp_path / "Pulumi.try.yaml").write_text("encryptionsalt: v1:abc\nconfig: {}\n")
    with pytest.raises(ConfigurationError, match=r"Pulumi\.try\.yaml belongs to a pass") as caught:
        ensure_passphrase(clone)
    assert "git checkout Pulumi.try.yaml" in caught.value.hint
    assert not (tmp_path / "passphrase").exists()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "the one")
    ensure_passphrase(clone)


def test_a_backend_of_other_projects_is_never_used(clone, monkeypatch, tmp_path):
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://company-state")
    assert environment(clone, {})["PULUMI_BACKEND_URL"] == f"file://{tmp_path / 'state'}"


def test_a_passphrase_file_of_ones_own_is_used(clone, monkeypatch, tmp_path):
    own = tmp_path / "elsewhere" / "secret"
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(own))
    assert environment(clone, {})["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(own)


def test_another_clones_passphrase_file_is_not(clone, monkeypatch, tmp_path):
    other = tmp_path / "other"
    (other / "state").mkdir(parents=True)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(other / "passphrase"))
    variables = environment(clone, {})
    assert variables["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(tmp_path / "passphrase")


def test_a_value_given_in_the_environment_stays_out_of_what_is_printed(clone, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "canary")
    variables = environment(clone, {})
    assert "canary" not in repr(variables)
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in variables


def test_our_programs_come_first_on_the_path_and_once(clone, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", f"/usr/bin:{tmp_path / 'bin'}")
    path = environment(clone, {})["PATH"].split(":")
    assert path[:2] == [str(GUARD), str(tmp_path / "bin")]
    assert path.count(str(tmp_path / "bin")) == 1
    assert path[-1] == "/usr/bin"


def test_the_ambient_kubeconfig_is_not_inherited(clone, monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", "/elsewhere/config")
    assert environment(clone, {})["KUBECONFIG"] == str(tmp_path / "kubeconfig")


def test_an_empty_state_reads_as_nothing_deployed(clone):
    assert clone.deployment() == {}
    assert workspace.Workspace("other", clone.settings).deployment() == {}


def shared(backend, **settings):
    return Workspace("try", Settings(target="dev", state_backend=backend, **settings))


def test_a_state_may_live_in_another_folder(clone, tmp_path):
    elsewhere = shared(f"file://{tmp_path / 'shared'}")
    assert environment(elsewhere, {})["PULUMI_BACKEND_URL"] == f"file://{tmp_path / 'shared'}"
    assert elsewhere.checkpoint == tmp_path / "shared/.pulumi/stacks/kaldra/try.json"
    assert not elsewhere.may_exist


def test_a_remote_state_is_read_through_pulumi(clone, tmp_path):
    remote = shared("s3://company-state")
    assert remote.may_exist
    assert remote.deployment() == {}
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\necho "{\\"deployment\\": {\\"backend\\": \\"$PULUMI_BACKEND_URL\\"}}"\n'
    )
    program.chmod(0o755)
    assert remote.deployment() == {"backend": "s3://company-state"}
    program.write_text("#!/bin/sh\necho error: no such bucket >&2\nexit 255\n")
    with pytest.raises(
        KaldraError, match="s3://company-state cannot be read: error: no such bucket"
    ):
        remote.deployment()
    program.write_text("#!/bin/sh\necho error: no stack named try found >&2\nexit 255\n")
    assert remote.deployment() == {}


def test_no_passphrase_is_made_up_for_a_shared_state(clone, monkeypatch, tmp_path):
    with pytest.raises(ConfigurationError, match="shared"):
        ensure_passphrase(shared("s3://company-state"))
    ensure_passphrase(shared("s3://company-state", secrets_provider="awskms://alias/kaldra"))
    ensure_passphrase(shared("https://api.pulumi.com"))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "elsewhere" / "secret"))
    ensure_passphrase(shared("s3://company-state"))
    assert not (tmp_path / "passphrase").exists()
