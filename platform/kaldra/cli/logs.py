"""`./kaldra logs`: one line for each record of the services, ordered by time."""

import heapq
import itertools
import json
import logging
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from kaldra.cli import log_records, log_sources
from kaldra.cli.log_records import Record
from kaldra.cli.log_sources import GoneError, Source, Sources, Span
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.stack.services import named

SEVERITY = logging.getLevelNamesMapping()

LINES = 100
"""Shown of each container where neither a filter nor a time limits them."""

SPAN_LINES = 16
"""Lines read for each one that is shown: a request has about as many spans beside its record."""

HOLD_SECONDS = 0.3
"""How long --follow holds a record back for older ones of other containers."""

RETRY_SECONDS = 1.0
"""Between attempts to read a container whose stream ended."""

ALL = Span(follow=True)


@dataclass(frozen=True)
class Wanted:
    """What is shown of the logs, and how."""

    follow: bool = False
    lines: int | None = None
    since: str = ""
    previous: bool = False
    service: str = ""
    """Empty for all."""
    level: str | None = None
    """The least severe one, in lower case."""
    request: str = ""
    """Id or its beginning, as of a trace."""
    trace: str = ""
    as_json: bool = False

    def accepts(self, record: Record) -> bool:
        """Whether the record is shown; a line without a level counts as severe.

        Spans, many for each request, are shown only where the level asks for them.
        """
        least = SEVERITY[(self.level or "notset").upper()]
        if record.is_span and least != logging.DEBUG:
            return False
        if SEVERITY.get(record.level, logging.CRITICAL) < least:
            return False
        return record.request_id.startswith(self.request) and record.trace_id.startswith(self.trace)


def run(console: Console, *, stack: str, **options: Any) -> None:
    """Print the records that are there; with `follow` also those that come."""
    wanted = Wanted(**options)
    if wanted.follow and wanted.previous:
        raise ConfigurationError(
            "--previous shows a run that has ended; it cannot be followed.",
            hint=f"./kaldra logs --stack {stack} --previous",
        )
    service = named(wanted.service).name if wanted.service else ""
    span = selection(wanted, datetime.now(UTC))
    with log_sources.opened(stack) as sources:
        records = (
            followed(sources, span, console, service)
            if wanted.follow
            else last(sources, span, service, beside_spans=wanted.level != "debug")
        )
        with suppress(KeyboardInterrupt):  # the usual end of --follow
            for record in filter(wanted.accepts, records):
                text = json.dumps(asdict(record)) if wanted.as_json else str(record)
                sys.stdout.write(f"{text}\n")
                sys.stdout.flush()


def selection(wanted: Wanted, now: datetime) -> Span:
    """What is read of each container."""
    since = log_records.since(wanted.since, now) if wanted.since else None
    tail = wanted.lines
    if tail == 0:  # what is written from now on, also by a container that starts again
        tail, since = None, now
    elif tail is None and not (since or wanted.level or wanted.request or wanted.trace):
        tail = LINES
    return Span(tail=tail, since=since, previous=wanted.previous)


def last(
    sources: Sources, span: Span, service: str = "", *, beside_spans: bool = False
) -> list[Record]:
    """Records of every container, ordered by time; `beside_spans` leaves out those of spans."""
    found = [source for source in sources.present() if service in ("", source.service)]
    more = replace(span, tail=span.tail * SPAN_LINES) if beside_spans and span.tail else span

    def read(source: Source) -> Sequence[Record]:
        records = _records(sources, source, more)
        try:
            return deque((r for r in records if not (beside_spans and r.is_span)), span.tail)
        except GoneError:
            return []

    with ThreadPoolExecutor(max(1, len(found))) as pool:
        return sorted(itertools.chain(*pool.map(read, found)), key=lambda record: record.order)


def followed(sources: Sources, span: Span, console: Console, service: str = "") -> Iterator[Record]:
    """Records of every container, and of those that start later, as they come."""
    came: queue.SimpleQueue[Record] = queue.SimpleQueue()
    present = {source.id for source in sources.present()}

    def watch() -> None:
        known: set[str] = set()
        warned = ""
        while True:
            try:
                for source in sources.started():
                    if source.id not in known and service in ("", source.service):
                        known.add(source.id)
                        # One that starts now is read from its first line.
                        late = replace(ALL, since=span.since)
                        of = replace(span, follow=True) if source.id in present else late
                        _background(_pump, sources, source, of, came)
            except KaldraError as error:
                if warned != (warned := str(error)):
                    console.warn(f"{error}\n  Trying again.")
            time.sleep(RETRY_SECONDS)

    _background(watch)
    return _ordered(came)


def _pump(sources: Sources, source: Source, span: Span, came: "queue.SimpleQueue[Record]") -> None:
    """Pass on a container's records through restarts and lost connections, each one once."""
    newest: Record | None = None
    while True:
        # Where the stream ended, the container may have ended and started again since.
        spans = [replace(span, previous=True, follow=False), span] if newest else [span]
        for part in spans:
            passed_on = newest
            try:
                for record in _records(sources, source, part):
                    # Within a stream, two outputs of a container may be out of order.
                    if passed_on is None or record.order > passed_on.order:
                        newest = max(newest or record, record, key=lambda r: r.order)
                        came.put(record)
            except GoneError:
                return
            except KaldraError:
                continue  # starting, or the connection was lost
        if newest:
            span = replace(ALL, since=newest.order[0])
        time.sleep(RETRY_SECONDS)


def _ordered(came: "queue.SimpleQueue[Record]") -> Iterator[Record]:
    """Records by time, as far as those of different containers come within HOLD_SECONDS."""
    held: list[tuple[tuple[datetime, str], int, float, Record]] = []
    for count in itertools.count():
        try:
            record = came.get(timeout=HOLD_SECONDS if held else None)
            heapq.heappush(held, (record.order, count, time.monotonic(), record))
        except queue.Empty:
            pass
        while held and time.monotonic() - held[0][2] >= HOLD_SECONDS:
            yield heapq.heappop(held)[-1]


def _records(sources: Sources, source: Source, span: Span) -> Iterator[Record]:
    for line in sources.read(source, span):
        record = log_records.parse(line, source=source.name, service=source.service)
        if record and not (span.since and record.order[0] < span.since):
            yield record


def _background(target: Callable[..., None], *arguments: object) -> None:
    """Daemon threads: they block on streams that only the end of the process closes."""
    threading.Thread(target=target, args=arguments, daemon=True).start()
