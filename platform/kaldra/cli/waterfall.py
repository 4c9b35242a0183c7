"""Spans of one trace as lines of text, each with a bar where its time lies within the whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from kaldra.cli.log_records import Record, instant, printable

WIDEST_BAR = 60
NARROWEST_BAR = 10


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
