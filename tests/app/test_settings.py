import pytest

from app.settings import Settings
from serving.settings import SettingsError


def test_defaults_serve_a_bare_run():
    settings = Settings.load({})
    assert settings.port == 8000
    assert settings.core_url == "http://127.0.0.1:9000"


def test_the_stack_sets_what_it_needs():
    settings = Settings.load(
        {"API_PORT": "8080", "CORE_SERVICE_URL": "http://kaldra-core:9000/", "ENV": "staging"}
    )
    assert (settings.port, settings.core_url) == (8080, "http://kaldra-core:9000")


@pytest.mark.parametrize("environment", ["staging", "production", "prod"])
def test_nobody_is_served_without_a_key_outside_of_development(environment: str):
    with pytest.raises(SettingsError, match="KALDRA_AUTH=off is refused"):
        Settings.load({"KALDRA_AUTH": "off", "ENV": environment})


@pytest.mark.parametrize("url", ["kaldra-core:9000", "ftp://kaldra-core", "http://core/path"])
def test_an_address_that_is_none_is_refused(url: str):
    with pytest.raises(SettingsError, match="CORE_SERVICE_URL is wrong"):
        Settings.load({"CORE_SERVICE_URL": url})
