import os
import threading

import pytest

from kaldra.errors import KaldraError
from kaldra.plugins.docker.build import Recipe, build
from kaldra.plugins.docker.progress import Progress
from tests.platform.plugins.docker_fakes import FakeClient

ENGINE = {"DOCKER_HOST": "unix:///nowhere.sock"}
RECIPE = Recipe(image="localhost:5001/x:dev", context="..", dockerfile="images/x.Dockerfile")

FAILS = """
cat >&2 <<END
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#7 [dependencies 3/3] RUN python3 -m pip install --target=/opt/site
#7 0.512 Collecting fastapi
#7 0.934 ERROR: No matching distribution found for fastapi
#7 ERROR: executor failed running [/bin/sh -c python3 -m pip install]: exit code: 1
------
 > [dependencies 3/3] RUN python3 -m pip install --target=/opt/site:
------
executor failed running [/bin/sh -c python3 -m pip install]: exit code: 1
END
exit 1
"""


@pytest.fixture
def client(tmp_path, monkeypatch) -> FakeClient:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return FakeClient(tmp_path)


def run(recipe: Recipe = RECIPE, cancelled: threading.Event | None = None) -> tuple[str, list[str]]:
    statuses: list[str] = []
    return build(recipe, ENGINE, cancelled or threading.Event(), statuses.append), statuses


def test_it_builds_with_buildkit_on_the_given_engine(client):
    image, statuses = run()
    assert (image, statuses) == ("sha256:built", ["[1/2] COPY app app"])
    assert client.arguments[:3] == ["build", "--progress", "plain"]
    assert client.arguments[-1] == ".."
    assert client.environment["DOCKER_BUILDKIT"] == "1"
    assert client.environment["DOCKER_HOST"] == "unix:///nowhere.sock"


def test_every_option_reaches_the_client(client):
    run(
        Recipe(
            image="x:dev",
            context="c",
            dockerfile="d",
            args={"A": "1"},
            target="final",
            platform="linux/arm64",
            network="host",
            cache_from=("cache:1", "cache:2"),
            add_hosts=("a:1.2.3.4",),
        )
    )
    text = " ".join(client.arguments)
    for option in (
        "--tag x:dev",
        "--file d",
        "--target final",
        "--platform linux/arm64",
        "--network host",
        "--cache-from cache:1 --cache-from cache:2",
        "--add-host a:1.2.3.4",
        "--build-arg A=1",
    ):
        assert option in text


def test_a_secret_argument_is_on_no_command_line(client):
    run(Recipe("x", "c", "d", args={"KEY": "hunter22"}, secret_args=frozenset({"KEY"})))
    assert "KEY" in client.arguments
    assert "hunter22" not in " ".join(client.arguments)
    assert client.environment["KEY"] == "hunter22"


def test_a_failure_shows_the_step_and_its_last_lines(client):
    client.behave(FAILS)
    with pytest.raises(KaldraError) as caught:
        run()
    text = str(caught.value)
    assert "localhost:5001/x:dev" in text
    assert "images/x.Dockerfile" in text
    assert "[dependencies 3/3] RUN python3 -m pip install" in text
    assert "No matching distribution found for fastapi" in text
    assert "exit code: 1" in text


def test_a_failure_outside_any_step_is_shown_too(client):
    client.behave("echo 'unable to prepare context: path \"..\" not found' >&2; exit 1")
    with pytest.raises(KaldraError, match=r'path "\.\." not found'):
        run()


def test_a_client_without_buildkit_is_named(client):
    client.behave(
        "echo 'ERROR: BuildKit is enabled but the buildx component is missing or broken.' >&2\n"
        "exit 1"
    )
    with pytest.raises(KaldraError, match="has no BuildKit") as caught:
        run()
    assert "docker-buildx" in caught.value.hint


def test_no_client_on_path(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(KaldraError, match="no docker client on PATH"):
        run()


def test_cancelling_ends_the_client(client):
    client.behave("echo '#1 [1/1] RUN sleep' >&2; exec sleep 60")
    cancelled = threading.Event()
    with pytest.raises(KaldraError, match=r"Cancelled building localhost:5001/x:dev"):
        build(RECIPE, ENGINE, cancelled, lambda _: cancelled.set())
    with pytest.raises(ProcessLookupError):
        os.kill(int((client.folder / "pid").read_text()), 0)


def test_progress_names_the_step_an_output_belongs_to():
    progress = Progress()
    assert progress.feed("#5 [2/3] RUN make all") == "[2/3] RUN make all"
    assert progress.feed("#5 1.234 compiling") == "[2/3] compiling"
    assert progress.feed("#5 CACHED") == ""
    assert progress.feed("#5 sha256:abc 12MB / 40MB") == ""
