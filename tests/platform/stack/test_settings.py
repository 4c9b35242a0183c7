import pytest
import yaml
from stack_program import REPO

from kaldra.errors import ConfigurationError
from kaldra.stack.settings import Settings, settings_of_stack_file


def refused(values):
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_config(values, "Pulumi.dev.yaml")
    return caught.value


def test_an_unknown_key_is_named_with_its_file_and_the_key_that_was_meant():
    error = refused({"target": "dev", "apiPrt": "8000"})
    assert "kaldra:apiPrt" in str(error)
    assert "Pulumi.dev.yaml" in str(error)
    assert "kaldra:apiPort?" in str(error)
    assert "pulumi config rm --stack dev kaldra:apiPrt" in error.hint


@pytest.mark.parametrize(
    ("key", "value"),
    [("apiPort", "eight"), ("apiPort", "70000"), ("logLevel", "LOUD"), ("namespace", "Über")],
)
def test_a_wrong_value_is_named_by_key_without_being_shown(key, value):
    error = refused({"target": "dev", key: value})
    assert f"kaldra:{key} in Pulumi.dev.yaml is wrong" in str(error)
    assert error.hint == f"pulumi config set --stack dev kaldra:{key} VALUE"


def test_a_missing_target_is_named():
    assert "kaldra:target is missing from Pulumi.dev.yaml" in str(refused({}))


def test_a_key_that_is_too_short_for_the_gateway_is_refused_here():
    error = refused({"target": "dev", "apiKeys": {"ci": "short"}})
    assert "kaldra:apiKeys.ci" in str(error)
    assert "at least 16 characters" in str(error)
    assert "short" not in str(error)


def test_two_uses_of_one_port_are_refused():
    assert "both 5001" in str(refused({"target": "dev", "apiPort": 5001}))


def test_a_secret_never_shows_in_an_error_or_a_representation():
    values = {"target": "dev", "apiKeys": '{"UPPER": "canary"}'}
    assert "canary" not in str(refused(values))
    settings = Settings.from_config({"target": "dev", "apiKeys": '{"a": "canary-0123456789"}'}, "x")
    assert "canary" not in repr(settings)


def test_a_stack_without_a_file_names_those_that_exist(tmp_path):
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {kaldra:target: dev}")
    with pytest.raises(ConfigurationError, match=r"no stack 'prod'") as caught:
        settings_of_stack_file("prod", tmp_path)
    assert "dev" in caught.value.hint


def test_a_broken_stack_file_is_named_with_the_line(tmp_path):
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  a: b\n c: [")
    with pytest.raises(ConfigurationError, match=r"Pulumi\.dev\.yaml is not valid YAML at line 3"):
        settings_of_stack_file("dev", tmp_path)


def test_encrypted_values_are_accepted_unread(tmp_path):
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  kaldra:target: dev\n  kaldra:apiKeys:\n    ci: {secure: v1:cipher}\n"
    )
    assert list(settings_of_stack_file("dev", tmp_path).api_keys) == ["ci"]


def test_every_stack_file_in_the_repository_is_valid():
    names = [p.name.split(".")[1] for p in REPO.glob("Pulumi.*.yaml")]
    assert "dev" in names
    for name in names:
        assert settings_of_stack_file(name, REPO)


def test_pulumi_knows_the_same_defaults_and_descriptions():
    declared = yaml.safe_load((REPO / "Pulumi.yaml").read_text())["config"]
    schema = Settings.model_json_schema(by_alias=True)["properties"]
    for key, entry in declared.items():
        assert entry["description"] == schema[key]["description"]
        assert entry.get("default") == schema[key].get("default")
