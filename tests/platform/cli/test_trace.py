"""The waterfall of a request, from lines as the services write them."""

import json
import logging
import shlex
from pathlib import Path

import pytest

from app.settings import Settings as ApiSettings
from kaldra.cli import log_records, trace
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError, KaldraError
from serving import tracing
from serving.context import CURRENT, begin
from serving.logs import JsonFormatter

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OTHER = "0af7651916cd43dd8448eb211c80319c"


def line(
    name: str, span: str, parent: str, start: str, ms: float, *, trace_id: str = TRACE, **more: str
) -> str:
    own = {
        "time": "2026-11-29T12:01:03.123Z",
        "level": "DEBUG",
        "logger": log_records.SPAN_LOGGER,
        "service": "kaldra-core" if name in ("POST /v1/signal", "read") else "kaldra-api",
        "request_id": "r-1",
        "kind": "server" if name.startswith("POST") else "internal",
        "status": "ok",
    }
    fields = {"span_id": span, "parent_id": parent, "start": f"2026-11-29T12:01:{start}+00:00"}
    return json.dumps(
        {**own, "message": name, "trace_id": trace_id, **fields, "duration_ms": ms, **more}
    )


LINES = [
    line("read", "d", "c", "03.040000", 30.0),
    line("call", "b", "a", "03.020000", 80.0, kind="client", status="error"),
    line("POST /v1/signal", "c", "b", "03.030000", 60.0),
    line("POST /engine/kaldra/signal", "a", "elsewhere", "03.000000", 100.0),
    line("POST /alpha/analyze", "e", "", "04.000000", 9.0, trace_id=OTHER, request_id="r-2"),
    json.dumps({"message": "request", "time": "2026-11-29T12:01:03.123Z", "request_id": "r-1"}),
    line("of another version", "f", "a", "03.000000", 1.0).replace("parent_id", "parent"),
    "Killed",
]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "kaldra.log"
    path.write_text("\n".join(LINES))
    return str(path)


def shown(capsys: pytest.CaptureFixture[str], file: str, **asked: object) -> list[str]:
    options = {"stack": "dev", "identifier": "", "slowest": False, "since": "", "file": file}
    trace.run(Console(), **{**options, **asked})  # type: ignore[arg-type]
    return capsys.readouterr().out.splitlines()


def test_a_waterfall(capsys, file, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    assert shown(capsys, file, identifier="r-1") == [
        f"2026-11-29 12:01:03 UTC · 100.0 ms · request r-1 · trace {TRACE}",
        "api  POST /engine/kaldra/signal ████████████████████    100.0 ms",
        "api    call                         ████████████████     80.0 ms error",
        "core     POST /v1/signal              ████████████       60.0 ms",
        "core       read                         ██████           30.0 ms",
    ]


@pytest.mark.parametrize(
    ("asked", "trace_id"),
    [
        ({"identifier": TRACE[:8]}, TRACE),
        ({"identifier": "r"}, OTHER),
        ({"slowest": True}, TRACE),
    ],
)
def test_which_request(capsys, file, asked, trace_id):
    assert shown(capsys, file, **asked)[0].endswith(trace_id)


def test_what_cannot_be_shown_is_explained(capsys, file, tmp_path):
    with pytest.raises(ConfigurationError, match="Name one request"):
        shown(capsys, file)
    with pytest.raises(ConfigurationError, match="Name one request"):
        shown(capsys, file, identifier="r-1", slowest=True)
    with pytest.raises(KaldraError, match="no span of request 'r-9'") as caught:
        shown(capsys, file, identifier="r-9")
    words = shlex.split(caught.value.hint)
    assert shown(capsys, words[words.index("--file") + 1], slowest="--slowest" in words)
    with pytest.raises(KaldraError, match="No spans were logged"):
        shown(capsys, file, identifier="r-1", since="2026-11-29T13:00")
    with pytest.raises(KaldraError, match="cannot be read"):
        shown(capsys, str(tmp_path / "none"), slowest=True)


def test_a_span_that_takes_no_time_is_a_dot(capsys, tmp_path):
    (tmp_path / "log").write_text(line("read", "d", "c", "03.040000", 0.0))
    _, row = shown(capsys, str(tmp_path / "log"), identifier="r-1")
    assert row.split() == ["core", "read", "█", "0.0", "ms"]


def test_spans_are_read_as_the_services_write_them(capsys, tmp_path):
    settings = ApiSettings.load({"KALDRA_LOG_SPANS": "on"})
    tracer = tracing.of(settings, service="kaldra-api", version="1").tracer
    context = begin([(b"x-request-id", b"r-7")], "GET", tracer)
    handler = logging.FileHandler(file := tmp_path / "kaldra.log")
    handler.setFormatter(JsonFormatter({"service": "kaldra-api"}))
    logger = logging.getLogger(log_records.SPAN_LOGGER)
    logger.addHandler(handler)
    token = CURRENT.set(context)
    context.span.end()
    CURRENT.reset(token)
    logger.removeHandler(handler)
    handler.close()
    heading, row = shown(capsys, str(file), identifier="r-7")
    assert f"request r-7 · trace {context.trace_id}" in heading
    assert row.startswith("api  GET ")
