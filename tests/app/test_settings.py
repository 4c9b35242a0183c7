import pytest

from app.settings import Settings
from serving.settings import SettingsError


def test_the_stack_sets_what_it_needs():
    settings = Settings.load(
        {"API_PORT": "8080", "CORE_SERVICE_URL": "http://kaldra-core:9000/", "ENV": "staging"}
    )
    assert (settings.port, settings.core_url) == (8080, "http://kaldra-core:9000")


@pytest.mark.parametrize("environment", ["staging", "production", "prod"])
def test_nobody_is_served_without_a_key_outside_of_development(environment: str):
    with pytest.raises(SettingsError, match="KALDRA_AUTH=off is refused"):
        Settings.load({"KALDRA_AUTH": "off", "ENV": environment})


@pytest.mark.parametrize(
    ("variable", "values"),
    [
        ("CORE_SERVICE_URL", ["kaldra-core:9000", "ftp://kaldra-core", "http://core/path"]),
        ("KALDRA_CORS_ORIGINS", ["*", "https://*.4iam.ai", "4iam.ai", "https://4iam.ai/"]),
        ("KALDRA_OTLP_ENDPOINT", ["collector:4318"]),
    ],
)
def test_an_address_that_is_none_is_refused(variable: str, values: list[str]):
    for value in values:
        with pytest.raises(SettingsError, match=f"{variable} is wrong"):
            Settings.load({variable: value})
