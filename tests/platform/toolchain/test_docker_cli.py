import pytest

from kaldra.errors import ConfigurationError
from kaldra.toolchain import docker_cli
from tests.fakes.programs import client, program


def test_a_new_client_without_buildx_is_passed_over(clients, tmp_path, monkeypatch):
    new = client(tmp_path / "local", "28.2.2")
    monkeypatch.setenv("PATH", str(new.parent))
    monkeypatch.setattr(docker_cli, "CLIENTS", (str(clients),))
    assert docker_cli.buildkit_client() == clients


@pytest.mark.parametrize("folder", ["plugins", "docker/cli-plugins"])
def test_a_new_client_with_buildx_is_taken(clients, tmp_path, monkeypatch, folder):
    new = client(tmp_path / "local", "28.2.2")
    program(tmp_path / folder / "docker-buildx", "")
    monkeypatch.setenv("PATH", str(new.parent))
    assert docker_cli.buildkit_client() == new


def test_without_one_that_can_build_it_is_told_what_to_install(clients, tmp_path):
    client(tmp_path / "bin", "28.0.0")
    with pytest.raises(ConfigurationError, match="BuildKit") as raised:
        docker_cli.docker_program()
    assert "docker-buildx" in raised.value.hint
