"""Edits are served by the running containers, which stay as confined as they are otherwise."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.e2e.clone import LOCAL_STACK, STACK, Clone, eventually

LINE = "KALDRA API Gateway online"
FILE = "app/routers/status.py"
ROOT = "open('/srv/written', 'w')"


@contextmanager
def dev(clone: Clone) -> Iterator[Path]:
    """`./kaldra dev`, from its first line on; the file with what it says."""
    said = clone.root.parent / "dev.log"
    process = clone.start("./kaldra", "dev", "--stack", clone.stack, log=said.name)
    try:
        eventually(lambda: "live: kaldra-core, kaldra-api" in said.read_text(), "dev")
        yield said
    finally:
        process.terminate()
        process.wait(20)
        said.unlink()


def serves(clone: Clone, text: str) -> None:
    def answered() -> bool:
        code, body = clone.get("/status/")
        return code == 200 and json.loads(body)["status"] == text

    eventually(answered, text)


@pytest.fixture(params=[STACK, LOCAL_STACK])
def live(request: pytest.FixtureRequest, platform: Clone) -> Clone:
    if request.param == STACK:
        return platform
    platform.local.kaldra("up")
    return platform.local


def test_a_save_is_served_and_up_returns_to_what_the_files_say(platform: Clone, live: Clone):
    with ExitStack() as edits, platform.answering():
        with dev(live) as said:
            edits.enter_context(platform.edited(FILE, LINE, "first"))
            serves(live, "first")
            eventually(lambda: f"  {FILE} → kaldra-api · " in said.read_text(), "its line")
            with platform.edited("app/__init__.py", "__version__", "broken("):
                eventually(lambda: "app/__init__.py, line" in said.read_text(), "the fault")
                serves(live, "first")
        status = live.kaldra("status")
        assert "LIVE: " in status
        assert FILE in status
    live.kaldra("up")
    serves(live, LINE)
    assert "LIVE" not in live.kaldra("status")
    live.kaldra("preview", "--expect-no-changes")


def test_a_new_pod_is_brought_up_to_date_without_rights_and_restored_without_a_rollout(
    platform: Clone,
):
    with platform.edited(FILE, LINE, "third"), dev(platform):
        serves(platform, "third")
        before = set(platform.objects("pods"))
        platform.kubectl("delete", "pod", "--selector=app.kubernetes.io/name=kaldra-api")
        serves(platform, "third")
        space = json.loads(platform.kubectl("get", "namespace", "kaldra", "--output=json"))
        assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        write = ("exec", "deployment/kaldra-api", "--", "python3", "-c", ROOT)
        assert "Read-only file system" in platform.kubectl(*write, code=1)
    after = set(platform.objects("pods"))
    assert after != before
    platform.kaldra("dev", "--restore")
    serves(platform, LINE)
    assert set(platform.objects("pods")) == after
    platform.settled = True


def test_a_file_that_images_are_built_with_is_told(platform: Clone):
    with dev(platform) as said, platform.edited("requirements.lock", "# ", "#  "):
        eventually(lambda: "requirements.lock changed" in said.read_text(), "the warning")
    platform.settled = True
