import pytest

from kaldra.errors import ConfigurationError
from kaldra.stack import secrets
from kaldra.stack.settings import Settings


def test_a_dev_stack_makes_its_key_once_and_keeps_it(own_state):
    settings = Settings(target="dev")
    first = secrets.api_keys(settings)
    assert secrets.api_keys(settings) == first
    assert len(first["dev"]) >= 32
    assert (own_state / "dev-secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_key_from_the_configuration_wins():
    settings = Settings.from_config({"target": "dev", "apiKeys": {"ci": "k" * 16}}, "x")
    assert secrets.api_keys(settings) == {"ci": "k" * 16}


def test_a_damaged_secrets_file_is_named_and_left_alone(own_state):
    own_state.mkdir()
    file = own_state / "dev-secrets.json"
    file.write_text("{")
    with pytest.raises(ConfigurationError, match=r"dev-secrets\.json"):
        secrets.api_keys(Settings(target="dev"))
    assert file.read_text() == "{"
