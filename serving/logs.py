"""Logs as one JSON object per line on standard output, with request and trace ids."""

import json
import logging
import sys
import time
from collections.abc import Mapping
from typing import TextIO

from serving.context import CURRENT


class JsonFormatter(logging.Formatter):
    """Renders a record; `extra={"fields": {...}}` adds fields of its own."""

    def __init__(self, constant: Mapping[str, str]) -> None:
        super().__init__()
        self._constant = dict(constant)
        self._encode = json.JSONEncoder(default=str).encode

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON for a record."""
        entry: dict[str, object] = {
            "time": _timestamp(record.created),
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
        # ASCII alone: some characters beyond it control terminals. JSON itself leaves DEL alone.
        return self._encode(entry).replace("\x7f", "\\u007f")


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


def _timestamp(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
