"""Logs as one JSON object per line on standard output, with request and trace ids."""

import functools
import json
import logging
import sys
import time
from collections.abc import Mapping
from typing import TextIO

from pydantic_core import PydanticSerializationError, to_json

from serving.context import CURRENT


class JsonFormatter(logging.Formatter):
    """Renders a record; `extra={"fields": {...}}` adds fields of its own."""

    def __init__(self, constant: Mapping[str, str]) -> None:
        super().__init__()
        self._constant = dict(constant)

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON for a record."""
        entry: dict[str, object] = {
            "time": timestamp(int(record.created * 1e9), digits=3),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._constant,
        }
        context = CURRENT.get()
        if context:
            entry["request_id"] = context.request_id
            entry["trace_id"] = context.trace_id
            if context.caller:
                entry["caller"] = context.caller
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return _encoded(entry)


def configure(level: str, *, service: str, environment: str, stream: TextIO | None = None) -> None:
    """Send everything that is logged, by libraries too, through one JSON handler."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter({"service": service, "environment": environment}))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # The shell logs each request itself, with its ids; these would only repeat it.
    logging.getLogger("uvicorn.access").disabled = True
    # It warns of each trace header that is not valid, which says nothing about the service.
    logging.getLogger("opentelemetry.trace").setLevel(logging.ERROR)


def _encoded(entry: Mapping[str, object]) -> str:
    """JSON in ASCII alone: some characters beyond it control terminals, as does DEL within it."""
    try:
        line = to_json(entry, fallback=str)
        if not line.isascii():  # few are not, and to escape them takes as long again
            line = to_json(entry, ensure_ascii=True, fallback=str)
    except PydanticSerializationError:  # text that is no Unicode: half of a surrogate pair
        line = json.dumps(entry, default=str).encode()
    return line.decode().replace("\x7f", "\\u007f")


def timestamp(nanoseconds: int, digits: int = 6) -> str:
    """A time since 1970 in UTC, as ISO 8601 has it, with so many digits of a second, at most 9."""
    second, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{_second(second)}.{f'{rest:09d}'[:digits]}Z"


@functools.lru_cache(maxsize=16)
def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
