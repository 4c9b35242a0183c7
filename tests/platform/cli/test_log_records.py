import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from kaldra.cli import log_records
from kaldra.cli.log_records import Record
from kaldra.cli.logs import Wanted
from kaldra.errors import ConfigurationError

TIME = "2026-11-29T12:01:03.123456789Z"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def parsed(text: str, time: str = TIME) -> Record:
    return log_records.parse(f"{time} {text}\n", source="kaldra-api-1", service="api")


def written(message: str = "request", level: str = "INFO", **fields: object) -> str:
    own = {"time": "2026-11-29T12:01:03.123Z", "level": level, "logger": "serving.access"}
    return json.dumps(
        {**own, "message": message, "service": "kaldra-api", "environment": "dev", **fields}
    )


def test_a_record_is_one_line():
    text = written("core did not answer", "WARNING", cause="timeout", reason="after 3 s",
                   request_id="r" * 32, trace_id="4bf92f3577b34da6a3ce929d0e0e4736")  # fmt: skip
    assert str(parsed(text)) == (
        '12:01:03 api  WARN  core did not answer cause=timeout reason="after 3 s" '
        "request rrrrrrrr… trace 4bf92f35…"
    )


def test_times_are_shown_in_utc():
    assert str(parsed(written("up"), "2026-11-29T14:01:03.5+02:00")) == "12:01:03 api  INFO  up"


def test_an_exception_follows_in_lines_of_its_own():
    lines = str(parsed(written("failed", "ERROR", exception="Traceback:\n  boom"))).splitlines()
    assert lines == ["12:01:03 api  ERROR failed", "    Traceback:", "      boom"]


@pytest.mark.parametrize("text", ["Killed", "[1, 2]", '{"no": "record"}', ""])
def test_a_line_that_is_no_record_is_shown_as_it_is(text):
    assert parsed(text).message == text
    assert parsed(text).level == ""


@pytest.mark.parametrize("line", ["", "no time at all", "2026-13-01T00:00:00Z x"])
def test_a_line_without_a_timestamp_is_none(line):
    assert log_records.parse(line, source="pod", service="api") is None


def test_what_controls_a_terminal_is_escaped():
    shown = str(parsed(written("\x1b[2J", path="/\u202e\x7f")))
    assert shown.isprintable()
    assert r"\x1b[2J" in shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, ["d", "i", "w", "plain"]),
        ({"level": "debug"}, ["d", "span", "i", "w", "plain"]),
        ({"level": "info"}, ["i", "w", "plain"]),
        ({"level": "warning"}, ["w", "plain"]),
        ({"request": "r1"}, ["i"]),
        ({"trace": "t"}, ["w"]),
    ],
)
def test_filters(given, shown):
    records = [
        parsed(written("d", "DEBUG")),
        parsed(written("span", "DEBUG", logger=log_records.SPAN_LOGGER)),
        parsed(written("i", request_id="r1-and-more")),
        parsed(written("w", "WARNING", trace_id="t1")),
        parsed("plain"),
    ]
    assert [r.message for r in records if Wanted(**given).accepts(r)] == shown


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("2026-11-29T11:00", 3600)],
)
def test_a_duration_goes_back_from_now_and_a_time_is_in_utc(text, seconds):
    assert log_records.since(text, NOW) == NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["5", "m", "-5m", "yesterday"])
def test_anything_else_is_refused(text):
    with pytest.raises(ConfigurationError, match="neither a duration nor a time") as caught:
        log_records.since(text, NOW)
    for named in re.findall(r"--since ([^, ]+)", caught.value.hint):
        assert log_records.since(named, NOW)
