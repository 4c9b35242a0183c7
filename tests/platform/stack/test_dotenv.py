from pathlib import Path

import pytest

from kaldra.errors import ConfigurationError
from kaldra.stack import dotenv
from kaldra.stack.services import API, CORE
from kaldra.stack.settings import Settings


@pytest.fixture(autouse=True)
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in dotenv.names():
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / ".env"
    file.write_text("")
    monkeypatch.setenv("KALDRA_ENV_FILE", str(file))
    return file


def test_what_the_stack_file_leaves_open_is_filled(env_file):
    env_file.write_text(
        "API_PORT=8101\nKALDRA_LOG_LEVEL=DEBUG\nKALDRA_CORS_ORIGINS=http://a, http://b\n"
    )
    named = {"target": "local", "logLevel": "ERROR", "gateway": {"rateLimit": 7}}
    assert dotenv.completed(named) == {
        **named,
        "apiPort": "8101",
        "gateway": {"rateLimit": 7, "corsOrigins": ["http://a", "http://b"]},
    }
    on_cluster = Settings.from_config({"target": "dev"}, "x")
    assert (on_cluster.api_port, on_cluster.log_level) == (8000, "INFO")


def test_the_environment_comes_before_the_file(env_file, monkeypatch):
    env_file.write_text("API_PORT=8101\nENV=test\n")
    monkeypatch.setenv("API_PORT", "8102")
    assert dotenv.completed({}) == {"apiPort": "8102", "environment": "test"}
    assert dotenv.origin("API_PORT") == "the environment"
    assert dotenv.origin("ENV") == str(env_file)


def test_a_container_gets_what_is_its_service_s_and_not_its_own(env_file):
    env_file.write_text(
        "KALDRA_RATE_LIMIT=7\nCORE_THREADS=3\nKALDRA_DRAIN_SECONDS=1\nKALDRA_HOST=127.0.0.1\n"
        "CORE_PORT=9100\nCORE_SERVICE_URL=http://elsewhere\nAPI_PORT=8101\nENV=test\n"
    )
    drain = {"KALDRA_DRAIN_SECONDS": "1"}
    assert dotenv.for_container(API) == {"KALDRA_RATE_LIMIT": "7", **drain}
    assert dotenv.for_container(CORE) == {"CORE_THREADS": "3", **drain}


@pytest.mark.parametrize(
    ("line", "said"),
    [("API_PORT=x", "API_PORT is"), ("CORE_THREADS=0", "CORE_THREADS is"), ("?", "this is not")],
)
def test_a_fault_of_either_service_is_a_configuration_error(env_file, line, said):
    env_file.write_text(f"\n{line}\n")
    with pytest.raises(ConfigurationError, match=f"^{env_file}, line 2: {said}") as caught:
        dotenv.given()
    assert ".env.example" in caught.value.hint
    assert caught.value.exit_code == 2
