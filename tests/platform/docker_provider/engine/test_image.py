"""Images built in a real engine and pushed to a real registry by the plugin's process."""

from pathlib import Path
from typing import Any

import pytest
from docker import APIClient
from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff
from pulumi.runtime.rpc import wrap_rpc_secret

from kaldra.toolchain.image_build import Recipe, build
from tests.conftest import unused_port
from tests.e2e.docker import docker
from tests.platform.docker_provider.engine.conftest import PREFIX, tag_of
from tests.platform.docker_provider.engine.plugin import CallFailedError, urn

pytestmark = pytest.mark.e2e
URN = urn("Image", "image")
NAME = f"{PREFIX}-image"


@pytest.fixture
def source(tmp_path: Path, base_image: str) -> Path:
    (tmp_path / "Dockerfile").write_text(
        f'FROM {base_image}\nARG KEY=none\nCOPY word /word\nRUN test -n "$KEY"\n'
    )
    (tmp_path / "word").write_text("first")
    return tmp_path


@pytest.fixture
def given(source: Path) -> dict[str, Any]:
    return {"imageName": f"{NAME}:dev", "skipPush": True, "build": {"context": str(source)}}


@pytest.fixture(scope="module")
def registry(docker_engine: APIClient) -> str:
    """Address of a registry without storage of its own."""
    image, port = tag_of(docker_engine, "kaldra/registry:", "registry:"), unused_port()
    published = ("--publish", f"127.0.0.1:{port}:5000")
    docker("run", "--detach", "--name", f"{PREFIX}-registry", *published, image)
    return f"localhost:{port}"


def test_it_is_built_only_when_what_it_is_made_of_changes(plugin, given, source, docker_engine):
    made = plugin.create(URN, plugin.check(URN, given))
    first = made.state["repoDigest"]
    assert made.id == f"{NAME}:dev"
    assert first == docker_engine.inspect_image(made.id)["Id"]
    assert made.diff().changes == DiffResponse.DIFF_NONE
    (source / "word").write_text("second")
    news = plugin.check(URN, given)
    answer = made.diff(news)
    assert list(answer.detailedDiff) == ["build.contextDigest"]
    assert not answer.replaces
    made.update(news)
    assert made.state["repoDigest"] != first
    docker_engine.remove_image(f"{NAME}:dev", force=True)
    assert made.read() is None
    assert made.diff().detailedDiff["repoDigest"].kind == PropertyDiff.UPDATE


def test_the_command_line_and_the_plugin_build_the_same_image(plugin, given, source):
    built = plugin.create(URN, plugin.check(URN, given)).state["repoDigest"]
    recipe = Recipe(f"{NAME}:cli", str(source), str(source / "Dockerfile"))
    assert build(recipe, lambda _: None) == built


def test_it_is_pushed_and_pushed_again_when_the_registry_lost_it(plugin, given, registry):
    name = f"{registry}/{NAME}"
    inputs = plugin.check(URN, {**given, "imageName": f"{name}:dev", "skipPush": False})
    made = plugin.create(URN, inputs)
    assert made.state["repoDigest"].startswith(f"{name}@sha256:")
    assert plugin.create(URN, inputs).state["repoDigest"] == made.state["repoDigest"]
    assert made.diff().changes == DiffResponse.DIFF_NONE
    made.state["repoDigest"] = f"{name}@sha256:{'0' * 64}"
    assert made.read() is None
    assert list(made.diff().detailedDiff) == ["repoDigest"]


def test_a_failed_step_is_told_with_its_last_lines_and_without_secrets(plugin, given, source):
    file = source / "Dockerfile"
    file.write_text(file.read_text() + 'RUN echo "key $KEY"; echo broken; exit 3\n')
    args = {"KEY": wrap_rpc_secret("hunter2222")}
    options = {"context": str(source), "args": args, "dockerfile": str(file)}
    with pytest.raises(CallFailedError, match="exit code: 3") as error:
        plugin.create(URN, {**given, "build": options})
    assert "broken" in str(error.value)
    assert "key [secret]" in str(error.value)
    assert "hunter2222" not in str(error.value)


def test_an_unreachable_registry_is_told(plugin, given):
    news = {**given, "imageName": f"localhost:1/{NAME}:dev", "skipPush": False}
    with pytest.raises(CallFailedError, match=f"Pushing localhost:1/{NAME}:dev failed"):
        plugin.create(URN, plugin.check(URN, news))


def test_what_cannot_be_built_is_refused_in_the_preview(plugin, given, tmp_path):
    missing = {**given, "build": {"context": str(tmp_path), "dockerfile": "nowhere"}}
    assert "there is no file" in plugin.failures(URN, missing)["build.dockerfile"]
    old = {**given, "build": {**given["build"], "builderVersion": "BuilderV1", "addHosts": ["a:1"]}}
    assert set(plugin.failures(URN, old)) == {"build.builderVersion", "build.addHosts"}
