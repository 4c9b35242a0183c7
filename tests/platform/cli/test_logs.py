"""The follower, on sources that a test scripts: what each attempt to read a container gives."""

import json
import queue
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import islice
from pathlib import Path

import pytest

from kaldra.cli import log_records, log_sources, logs
from kaldra.cli.log_sources import GoneError, Pods, Source, Span
from kaldra.cli.logs import Wanted
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.stack.settings import Settings
from tests.fakes.programs import program

QUIET = Console(StringIO())
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
API = Source("api-1", "api-1", "kaldra-api")
NEXT = Source("api-2", "api-2", "kaldra-api")
CORE = Source("core-1", "core-1", "kaldra-core")
WHOLE = Span()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "RETRY_SECONDS", 0.01)


def at(second: int, text: str) -> str:
    return f"2026-11-29T12:00:{second:02d}.5Z {text}"


class Scripted:
    """Each source has attempts; one is a list of lines, or an error. After the last it is gone."""

    def __init__(self, attempts: dict[Source, list[list[str] | Exception]]) -> None:
        self.attempts = attempts
        self.asked: list[tuple[str, Span]] = []
        self.starting: queue.SimpleQueue[Source | None] = queue.SimpleQueue()
        self.there = list(attempts)

    def present(self) -> list[Source]:
        return self.there

    def started(self) -> Iterator[Source]:
        yield from self.there
        while source := self.starting.get():
            yield source

    def read(self, source: Source, span: Span) -> Iterator[str]:
        self.asked.append((source.id, span))
        if not self.attempts[source]:
            raise GoneError("gone")
        attempt = self.attempts[source].pop(0)
        if isinstance(attempt, Exception):
            raise attempt
        yield from attempt


def messages(sources: Scripted, number: int, span: Span = WHOLE) -> list[str]:
    followed = logs.followed(sources, span, QUIET)
    return [record.message for record in islice(followed, number)]


def test_spans_do_not_count_among_the_last_records():
    span = json.dumps({"message": "GET", "logger": log_records.SPAN_LOGGER})
    sources = Scripted({API: [[at(n, span if n % 3 else f"{n}") for n in range(20)]]})
    found = logs.last(sources, Span(tail=5), beside_spans=True)
    assert [r.message for r in found] == ["6", "9", "12", "15", "18"]
    assert sources.asked == [("api-1", Span(tail=5 * logs.SPAN_LINES))]


@pytest.mark.parametrize(
    ("attempt", "span", "service"),
    [
        ([at(1, "of another service")], WHOLE, CORE.service),
        ([at(1, "older than asked for")], Span(since=NOW + timedelta(seconds=2)), ""),
        (GoneError("a container that goes away meanwhile"), WHOLE, ""),
    ],
)
def test_what_is_left_out(attempt, span, service):
    sources = Scripted({API: [attempt], CORE: [[at(2, "b")]]})
    assert [r.message for r in logs.last(sources, span, service)] == ["b"]


def test_followed_records_are_ordered_by_time():
    sources = Scripted({API: [[at(2, "b"), at(3, "c")]], CORE: [[at(1, "a")]]})
    assert messages(sources, 3) == ["a", "b", "c"]


def test_after_a_restart_each_line_comes_once():
    first, ended, second = at(1, "first"), at(2, "last words"), at(3, "again")
    # The stream broke before the last line; then the ended run, then the one that runs.
    sources = Scripted({API: [[first], [first, ended], [second]]})
    assert messages(sources, 3) == ["first", "last words", "again"]
    began, previous, now = (span for _, span in sources.asked[:3])
    assert (began.since, previous.previous, now.previous) == (None, True, False)
    assert previous.since == now.since == NOW + timedelta(seconds=1.5)


def test_within_a_stream_nothing_is_dropped():
    sources = Scripted({API: [[at(2, "output"), at(1, "error"), at(1, "at once")]]})
    assert set(messages(sources, 3)) == {"output", "error", "at once"}


def test_a_lost_connection_is_made_again():
    sources = Scripted({API: [KaldraError("reset"), [at(1, "a")], KaldraError("x"), [at(2, "b")]]})
    assert messages(sources, 2) == ["a", "b"]


def test_one_that_starts_later_is_read_from_its_first_line():
    sources = Scripted({API: [[at(1, "a")]], NEXT: [[at(2, "b"), at(3, "c")]]})
    sources.there = [API]
    sources.starting.put(NEXT)
    assert messages(sources, 3, Span(tail=1)) == ["a", "b", "c"]
    assert dict(reversed(sources.asked)) == {"api-1": Span(1, follow=True), "api-2": logs.ALL}


@pytest.mark.parametrize(
    ("wanted", "span"),
    [
        (Wanted(), Span(tail=logs.LINES)),
        (Wanted(lines=7, level="error"), Span(tail=7)),
        (Wanted(level="error"), WHOLE),
        (Wanted(request="r"), WHOLE),
        (Wanted(since="5m"), Span(since=NOW - timedelta(minutes=5))),
        (Wanted(lines=0), Span(since=NOW)),  # from now on
    ],
)
def test_how_much_is_read(wanted, span):
    assert logs.selection(wanted, NOW) == span


def test_an_ended_run_cannot_be_followed():
    with pytest.raises(ConfigurationError, match="cannot be followed"):
        logs.run(QUIET, stack="dev", follow=True, previous=True)


@pytest.fixture
def read(state: Path) -> Callable[[str, Span], list[str]]:
    """Reads from a kubectl that is a script."""

    def read(script: str, span: Span) -> list[str]:
        program(state / "bin" / "kubectl", script)
        return list(Pods(Workspace("try", Settings(target="dev"))).read(API, span))

    return read


@pytest.mark.parametrize(
    ("said", "error"),
    [('(NotFound): pods "api-1" not found', GoneError), ("connection refused", KaldraError)],
)
def test_what_kubectl_refuses(read, said, error):
    with pytest.raises(error, match=r"NotFound|refused"):
        read(f"echo 'Error from server {said}' >&2; exit 1", Span())


def test_a_container_that_was_never_restarted_has_no_previous_run(read):
    script = 'echo "previous terminated container not found" >&2; exit 1'
    assert read(script, Span(previous=True)) == []


def test_frames_of_docker_are_put_together_to_lines():
    frames = iter([b"one\ntw", b"o\n", b"\xff", b" end"])
    assert list(log_sources._split(frames)) == ["one", "two", "� end"]
