"""`./kaldra trace`: where the time of one request went, from the spans that the services logged."""

import json
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from kaldra.cli import log_records, log_sources, logs, waterfall
from kaldra.cli.log_records import Record
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError, KaldraError


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
    spans = [span for record in records if (span := waterfall.Span.of(record))]
    if not spans:
        raise KaldraError("No spans were logged.", hint=_how_to_log(stack, file))
    found = waterfall.trace_of(spans, identifier)
    if not found:
        raise KaldraError(
            f"The logs hold no span of request {identifier!r}; those of replaced pods are gone.",
            hint="./kaldra trace --slowest" + (f" --file {shlex.quote(file)}" if file else ""),
        )
    for line in waterfall.lines(found, shutil.get_terminal_size().columns):
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
