import json
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest

from tests.conftest import unused_port
from tests.serving.reloading import Receiver, Small, encoded

RELOADS = 20


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Small:
    return Small(tmp_path_factory.mktemp("small"), unused_port(), KALDRA_DRAIN_SECONDS="0")


@pytest.fixture(scope="module")
def running(small) -> Iterator[Receiver]:
    with small.start(), small.receiver() as opened:
        yield opened


@pytest.fixture
def receiver(running) -> Receiver:
    running.request(restore=True)
    return running


@pytest.fixture
def own(tmp_path, free_port) -> Small:
    return Small(tmp_path, free_port, KALDRA_DRAIN_SECONDS="0")


def answer(small: Small) -> str:
    return httpx2.get(f"{small.url}/answer", timeout=30).text


@contextmanager
def load(url: str) -> Iterator[None]:
    """Requests all the while: over one connection that is kept, and over a new one for each."""
    over = threading.Event()

    def ask(**headers: str) -> int:
        answers = 0
        with httpx2.Client(headers=headers, timeout=30) as client:
            while not over.wait(0.005):
                client.get(f"{url}/ready").raise_for_status()
                answers += 1
        return answers

    with ThreadPoolExecutor() as threads:
        asking = [threads.submit(ask), threads.submit(ask, connection="close")]
        try:
            yield
        finally:
            over.set()
    assert sum(each.result() for each in asking) > RELOADS


def test_no_request_fails_and_each_reload_answers_by_the_new_code(small, receiver):
    with load(small.url):
        for number in range(RELOADS):
            assert receiver.write(answer=f"ANSWER = 'number {number}'") == {}
            assert answer(small) == f"number {number}"


def test_a_request_that_runs_is_finished_by_the_code_it_began_with(small, receiver):
    with (
        httpx2.Client(timeout=30) as client,
        client.stream("GET", f"{small.url}/answer?seconds=1") as former,
    ):
        receiver.write(answer="ANSWER = 'second'")
        assert answer(small) == "second"
        assert former.read() == b"first"
        # The kept connection is handed over once the former code has finished with it.
        deadline = time.monotonic() + 10
        while client.get(f"{small.url}/answer").text != "second":
            assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("code", "error", "line"),
    [
        ("\n\ndef broken(:\n", "SyntaxError: invalid syntax", 3),
        ("import absent\n", "ModuleNotFoundError: No module named 'absent'", 1),
        ("\nANSWER = 1 / 0\n", "ZeroDivisionError: division by zero", 2),
    ],
)
def test_code_that_cannot_start_is_located_and_the_former_serves_on(
    small, receiver, code, error, line
):
    failure = receiver.write(answer=code)
    assert failure["error"] == error
    assert (failure["file"], failure["line"]) == ("small/answer.py", line)
    records = map(json.loads, small.log.read_text().splitlines())
    *_, logged = (r for r in records if r["level"] == "ERROR")
    assert logged.items() >= {**failure, "service": "small"}.items()
    assert answer(small) == "first"
    assert receiver.write(answer="ANSWER = 'second'") == {}
    assert answer(small) == "second"


def test_the_image_stays_as_it_is_and_is_returned_to(small, receiver):
    before = {path: path.read_bytes() for path in small.image.rglob("*.py")}
    assert receiver.request()["differing"] == []
    receiver.write(answer="from small.more import ANSWER", more="ANSWER = 'second'")
    assert receiver.request()["differing"] == ["small/answer.py", "small/more.py"]
    receiver.write(answer="ANSWER = 'third'", more=None)
    assert receiver.request()["differing"] == ["small/answer.py"]
    assert answer(small) == "third"
    assert receiver.request(restore=True) == {}
    assert answer(small) == "first"
    assert receiver.request()["differing"] == []
    assert {path: path.read_bytes() for path in small.image.rglob("*.py")} == before


def test_a_container_that_starts_again_serves_its_image(own):
    with own.start(), own.receiver() as receiver:
        receiver.write(answer="ANSWER = 'second'")
    with own.start():
        assert answer(own) == "first"


@pytest.mark.parametrize("path", ["../x.py", "/etc/x.py", "small/../../x.py", "other/x.py"])
def test_files_outside_of_the_source_are_refused(small, receiver, path):
    refusal = receiver.request(write={path: encoded("")})
    assert refusal == {"error": f"{path} is not a file of serving, small"}


def test_code_is_reloaded_in_place_however_soon_it_changes(tmp_path, free_port):
    small = Small(tmp_path, free_port, copy=False, KALDRA_DRAIN_SECONDS="0")
    with small.start(), small.receiver() as receiver:
        for word in ("one", "two", "six"):  # of the same length, within a second
            small.edit(word)
            assert receiver.request(reload=["small/answer.py"]) == {}
            assert answer(small) == word


def test_the_port_of_metrics_is_handed_over(tmp_path, free_port):
    metrics = unused_port()
    small = Small(tmp_path, free_port, KALDRA_DRAIN_SECONDS="0", TEST_METRICS=str(metrics))
    with small.start(), small.receiver() as receiver:
        assert receiver.write(answer="ANSWER = 'second'") == {}
        assert httpx2.get(f"http://127.0.0.1:{metrics}/metrics").status_code == 200


def test_the_parent_ends_as_its_service_does(own):
    with own.start() as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    with own.start() as process:
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"{own.url}/crash")
        assert process.wait(timeout=30) == 7


def test_a_service_that_cannot_start_ends_its_parent(own):
    own.code.write_text("raise SystemExit(2)")
    with own.start(wait=False) as process:
        assert process.wait(timeout=30) == 2
