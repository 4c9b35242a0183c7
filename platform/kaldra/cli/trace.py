"""`./kaldra trace`: where the time of one request went, from the spans that the services logged.

Each span is a line, with a bar where its time lies within the whole.
"""

import json
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from kaldra.cli import log_records, log_sources, logs
from kaldra.cli.log_records import Record, instant, printable
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError, KaldraError

WIDEST_BAR = 60
NARROWEST_BAR = 10
FIELDS = {"span_id", "parent_id", "kind", "start", "duration_ms", "status"}
"""Of a span's record; a service of another version may log fewer."""


def run(_: Console, *, stack: str, identifier: str, slowest: bool, since: str, file: str) -> None:
    """Print the waterfall of a request, by its request id or trace id, or of the slowest one."""
    if bool(identifier) == slowest:
        raise ConfigurationError(
            "Name one request, or ask for the slowest one.",
            hint="./kaldra trace REQUEST_ID, or ./kaldra trace --slowest",
        )
    start = log_records.since(since, datetime.now(UTC)) if since else None
    if file:
        records = [r for r in _records(file) if not (start and r.order[0] < start)]
    else:
        with log_sources.opened(stack) as sources:
            records = logs.last(sources, log_sources.Span(since=start))
    spans = sorted((r for r in records if r.is_span and r.fields.keys() >= FIELDS), key=_start)
    if not spans:
        in_stack = (
            "Send a request; where kaldra:logSpans is off: set it to true in "
            f"Pulumi.{stack}.yaml, then ./kaldra up"
        )
        bare = f"KALDRA_LOG_SPANS=on ./kaldra serve | tee {file}"
        raise KaldraError("No spans were logged.", hint=bare if file else in_stack)
    found = trace_of(spans, identifier)
    if not found:
        raise KaldraError(
            f"The logs hold no span of request {identifier!r}; those of replaced pods are gone.",
            hint="./kaldra trace --slowest" + (f" --file {shlex.quote(file)}" if file else ""),
        )
    for line in lines(found, shutil.get_terminal_size().columns):
        sys.stdout.write(f"{line}\n")


def _records(file: str) -> Iterator[Record]:
    """Records of services that run without containers, with their own times; `-` is a pipe."""
    try:
        with sys.stdin if file == "-" else Path(file).open(encoding="utf-8") as lines:
            for line in lines:
                with suppress(ValueError, KeyError, TypeError):
                    timed = f"{json.loads(line)['time']} {line}"
                    if record := log_records.parse(timed, source=file, service=""):
                        yield record
    except OSError as error:
        raise KaldraError(
            f"{file} cannot be read: {error.strerror}.", hint="Check the path."
        ) from None


def trace_of(spans: Sequence[Record], identifier: str) -> list[Record]:
    """Spans of the last trace whose trace id or request id begins so; none where there is none.

    Without an identifier, spans of the trace of the longest request. `spans` are in order.
    """
    if identifier:
        found = [
            s
            for s in spans
            if s.request_id.startswith(identifier) or s.trace_id.startswith(identifier)
        ]
    else:
        requests = [s for s in spans if s.fields["kind"] == "server"]
        found = sorted(requests, key=lambda s: s.fields["duration_ms"])
    return [s for s in spans if found and s.trace_id == found[-1].trace_id]


def lines(trace: Sequence[Record], width: int) -> Iterator[str]:
    """A heading, and a line of at most `width` columns for each span below its parent."""
    ids = {span.fields["span_id"] for span in trace}
    rows = list(_rows([s for s in trace if s.fields["parent_id"] not in ids], trace))
    begin, first = _start(trace[0]), rows[0][1]
    total = max(_offset(s, begin) + s.fields["duration_ms"] for s in trace)
    yield printable(
        f"{_start(first):%Y-%m-%d %H:%M:%S} UTC · {total:.1f} ms "
        f"· request {first.request_id} · trace {first.trace_id}"
    )
    names = max(2 * depth + len(s.message) for depth, s in rows)
    bar = min(WIDEST_BAR, max(NARROWEST_BAR, width - names - len("core    99999.9 ms error")))
    for depth, span in rows:
        milliseconds = span.fields["duration_ms"]
        before = min(bar - 1, int(bar * _offset(span, begin) / (total or 1)))
        length = max(1, round(bar * milliseconds / (total or 1)))
        drawn = (" " * before + "█" * length)[:bar]
        name = "  " * depth + span.message
        failed = " error" if span.fields["status"] == "error" else ""
        yield printable(
            f"{span.service:<4} {name:<{names}} {drawn:<{bar}} {milliseconds:>8.1f} ms{failed}"
        )


def _rows(
    spans: Sequence[Record], trace: Sequence[Record], depth: int = 0
) -> Iterator[tuple[int, Record]]:
    """Depth and span, each with those below it; siblings by their start."""
    for span in spans:
        yield depth, span
        below = [s for s in trace if s.fields["parent_id"] == span.fields["span_id"]]
        yield from _rows(below, trace, depth + 1)


def _start(span: Record) -> datetime:
    return instant(span.fields["start"])


def _offset(span: Record, begin: datetime) -> float:
    return (_start(span) - begin).total_seconds() * 1000
