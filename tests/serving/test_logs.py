import io
import json
import logging
from collections.abc import Iterator

import pytest

from serving import logs
from serving.context import CURRENT, begin


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("INFO", service="kaldra-test", environment="dev", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_one_json_object_per_line_with_ids(stream):
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    parent = f"00-{trace_id}-b7ad6b7169203331-01".encode()
    context = begin([(b"x-request-id", b"r-1"), (b"traceparent", parent)])
    context.caller = "front-end"
    token = CURRENT.set(context)
    logging.getLogger("somewhere").info("two\nlines", extra={"fields": {"status": 200}})
    CURRENT.reset(token)
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert entry["message"] == "two\nlines"
    assert entry["level"] == "INFO"
    assert entry["service"] == "kaldra-test"
    assert (entry["request_id"], entry["trace_id"]) == ("r-1", trace_id)
    assert (entry["caller"], entry["status"]) == ("front-end", 200)


@pytest.mark.parametrize("message", ["\x1b[2J\x7f\x9b\u202e", "half a pair: \ud800\x7f"])
def test_neither_control_characters_nor_what_is_no_unicode_reach_a_terminal(stream, message):
    # By the service's handler alone: a report of pytest-xdist holds nothing that is no Unicode.
    service = logging.getLogger().handlers[0]
    service.handle(logging.makeLogRecord({"levelname": "INFO", "msg": message}))
    (line,) = stream.getvalue().splitlines()
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == message


def test_less_severe_records_are_left_out(stream):
    logging.getLogger("somewhere").debug("detail")
    assert not stream.getvalue()


def test_an_exception_stays_on_its_line(stream):
    error = ValueError("boom")
    logging.getLogger("somewhere").error("failed", exc_info=error)
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: boom" in json.loads(line)["exception"]
