"""Log records of the services: parsed from their JSON lines, filtered, formatted for reading."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kaldra.errors import ConfigurationError

SPAN_LOGGER = "serving.spans"
"""Writes a record for each span, with the level DEBUG."""

_SHORT = {"WARNING": "WARN", "CRITICAL": "CRIT"}
_ID_CHARACTERS = 8
"""Shown of a request or trace id; --request and --trace accept as few."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d+[smhd])+")


@dataclass(frozen=True)
class Record:
    """One log record, or one line that a service did not write as a record."""

    time: str
    """When the container runtime received the line: RFC 3339, nanoseconds."""
    source: str
    """Pod or container."""
    service: str
    """Key of the service: `api`, `core`."""
    message: str
    level: str = ""
    """Of the record; empty for a line that is not a record."""
    logger: str = ""
    request_id: str = ""
    trace_id: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The record's other fields, such as `status` and `duration_ms`."""

    @property
    def is_span(self) -> bool:
        """Whether it tells of a span, such as `./kaldra trace` shows."""
        return self.logger == SPAN_LOGGER

    @property
    def order(self) -> tuple[datetime, str]:
        """Sort key: datetime has microseconds, the text the rest."""
        return instant(self.time), self.time

    def __str__(self) -> str:
        """One line for reading; an exception follows in lines of its own."""
        rest = dict(self.fields)
        exception = str(rest.pop("exception", "")).splitlines()
        words = [
            f"{instant(self.time).astimezone(UTC):%H:%M:%S}",
            f"{self.service:<4}",
            f"{_SHORT.get(self.level, self.level):<5}",
            self.message,
            *(f"{name}={_value(value)}" for name, value in rest.items()),
        ]
        for name, identifier in (("request", self.request_id), ("trace", self.trace_id)):
            if identifier:
                short = identifier[:_ID_CHARACTERS]
                words.append(f"{name} {short}{'…' * (len(identifier) > _ID_CHARACTERS)}")
        lines = [" ".join(words).rstrip(), *(f"    {line}" for line in exception)]
        return "\n".join(map(printable, lines))


def parse(line: str, *, source: str, service: str) -> Record | None:
    """Parse `TIMESTAMP TEXT` as container runtimes print it; None for any other line.

    `service` is a name or a key; without one, that of the record itself is taken.
    """
    time, _, text = line.rstrip("\r\n").partition(" ")
    try:
        instant(time)
    except ValueError:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or "message" not in found:
        found = {"message": text}
    service = service or str(found.get("service", ""))
    for name in ("time", "environment", "service"):
        found.pop(name, None)
    named = {
        name: str(found.pop(name, ""))
        for name in ("message", "level", "logger", "request_id", "trace_id")
    }
    return Record(time, source, service.rpartition("-")[2], **named, fields=found)


def since(text: str, now: datetime) -> datetime:
    """Parse `90s`, `5m`, `1h30m`, `2d` before now, or an RFC 3339 time."""
    if _DURATION.fullmatch(text):
        parts = re.findall(r"(\d+)([smhd])", text)
        return now - sum((timedelta(**{_UNITS[u]: int(n)}) for n, u in parts), timedelta())
    try:
        return instant(text)
    except ValueError:
        raise ConfigurationError(
            f"--since {text!r} is neither a duration nor a time.",
            hint="./kaldra logs --since 10m, or --since 2026-01-31T12:00:00Z",
        ) from None


def instant(text: str) -> datetime:
    """An RFC 3339 time; ValueError where it is none. Without an offset it is in UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _value(value: Any) -> str:
    return value if isinstance(value, str) and " " not in value else json.dumps(value)


def printable(line: str) -> str:
    """The line without characters that control a terminal: what is logged may come from callers."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
