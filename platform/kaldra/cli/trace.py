"""`./kaldra trace`: where the time of one request went, from the spans that the services logged.

Each span is a line, with a bar where its time lies within the whole.
"""

import json
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kaldra.cli import log_records, log_sources, logs
from kaldra.cli.log_records import Record, instant, printable
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError, KaldraError

WIDEST_BAR = 60
NARROWEST_BAR = 10


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
        with closing(logs.deployed(stack)) as sources:
            records = logs.last(sources, log_sources.Span(since=start))
    spans = [span for record in records if (span := Span.of(record))]
    if not spans:
        raise KaldraError("No spans were logged.", hint=_how_to_log(stack, file))
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


def _how_to_log(stack: str, file: str) -> str:
    if file:
        return f"KALDRA_LOG_SPANS=on ./kaldra serve | tee {file}"
    return (
        f"Send a request; where kaldra:logSpans is off: set it to true in Pulumi.{stack}.yaml, "
        "then ./kaldra up"
    )


@dataclass(frozen=True)
class Span:
    """A span, as its log record tells it."""

    record: Record
    span_id: str
    parent_id: str
    kind: str
    start: datetime
    milliseconds: float
    failed: bool

    @classmethod
    def of(cls, record: Record) -> "Span | None":
        """The span of a record; None for any other record."""
        if not record.is_span:
            return None
        fields = record.fields
        try:
            return cls(
                record=record,
                span_id=fields["span_id"],
                parent_id=fields["parent_id"],
                kind=fields["kind"],
                start=instant(fields["start"]),
                milliseconds=float(fields["duration_ms"]),
                failed=fields["status"] == "error",
            )
        except (KeyError, TypeError, ValueError):
            return None


def trace_of(spans: Sequence[Span], identifier: str) -> list[Span]:
    """Spans of the last trace whose trace id or request id begins so; none where there is none.

    Without an identifier, spans of the trace of the longest request.
    """
    if identifier:
        found = [s for s in spans if _begins(s.record, identifier)]
        chosen = max(found, key=lambda s: s.start, default=None)
    else:
        requests = [s for s in spans if s.kind == "server"]
        chosen = max(requests, key=lambda s: s.milliseconds, default=None)
    return [s for s in spans if chosen and s.record.trace_id == chosen.record.trace_id]


def lines(trace: Sequence[Span], width: int) -> Iterator[str]:
    """A heading, and a line of at most `width` columns for each span below its parent."""
    rows = list(_rows(trace))
    begin = min(s.start for s in trace)
    total = max(_offset(s, begin) + s.milliseconds for s in trace)
    first = rows[0][1]
    yield printable(
        f"{first.start:%Y-%m-%d %H:%M:%S} UTC · {total:.1f} ms "
        f"· request {first.record.request_id} · trace {first.record.trace_id}"
    )
    names = max(2 * depth + len(s.record.message) for depth, s in rows)
    bar = min(WIDEST_BAR, max(NARROWEST_BAR, width - names - len("core    99999.9 ms error")))
    for depth, span in rows:
        before = min(bar - 1, int(bar * _offset(span, begin) / total)) if total else 0
        length = max(1, round(bar * span.milliseconds / total)) if total else 1
        drawn = (" " * before + "█" * length)[:bar]
        service, name = span.record.service, "  " * depth + span.record.message
        failed = " error" if span.failed else ""
        yield printable(
            f"{service:<4} {name:<{names}} {drawn:<{bar}} {span.milliseconds:>8.1f} ms{failed}"
        )


def _rows(trace: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Depth and span, parents first, siblings by their start."""
    known = {s.span_id for s in trace}
    children: dict[str, list[Span]] = {}
    for span in sorted(trace, key=lambda s: s.start):
        children.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)

    def below(parent: str, depth: int) -> Iterator[tuple[int, Span]]:
        for span in children.get(parent, ()):
            yield depth, span
            yield from below(span.span_id, depth + 1)

    return below("", 0)


def _offset(span: Span, begin: datetime) -> float:
    return (span.start - begin).total_seconds() * 1000


def _begins(record: Record, identifier: str) -> bool:
    return record.request_id.startswith(identifier) or record.trace_id.startswith(identifier)
