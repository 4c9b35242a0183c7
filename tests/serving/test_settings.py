from typing import Literal

import pytest
from pydantic import Field

from serving.settings import Port, ServiceSettings, SettingsError


class Settings(ServiceSettings):
    port: Port = Field(8000, alias="A_PORT", description="Port to listen on")
    mode: Literal["on", "off"] = Field("on", alias="A_MODE", description="Whether it is on")
    token: str | None = Field(None, alias="A_TOKEN", description="Optional")


def test_values_are_typed():
    settings = Settings.load({"A_PORT": "81", "ENV": "staging", "KALDRA_DRAIN_SECONDS": "0.5"})
    assert (settings.port, settings.environment, settings.drain_seconds) == (81, "staging", 0.5)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("A_PORT", "x", "A_PORT is wrong: input should be a valid integer"),
        ("A_PORT", "70000", "A_PORT is wrong: input should be less than or equal to 65535"),
        ("A_MODE", "maybe", "A_MODE is wrong: input should be 'on' or 'off'"),
        ("KALDRA_LOG_LEVEL", "debug", "KALDRA_LOG_LEVEL is wrong: input should be 'DEBUG'"),
        ("KALDRA_DRAIN_SECONDS", "60", "KALDRA_SHUTDOWN_SECONDS must be greater"),
    ],
)
def test_a_wrong_value_is_named(variable: str, value: str, expected: str):
    with pytest.raises(SettingsError) as caught:
        Settings.load({variable: value})
    assert str(caught.value).startswith(expected)


def test_the_table_tells_every_variable():
    table = Settings.table()
    assert "| `A_PORT` | whole number | `8000` | Port to listen on |" in table
    assert "| `A_MODE` | `on`, `off` | `on` | Whether it is on |" in table
    assert "| `A_TOKEN` | text | none | Optional |" in table
    assert table.count("\n") == 2 + len(Settings.model_fields)
