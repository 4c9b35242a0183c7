"""What verbs print with `--json`, and the JSON Schema of each document.

A document is a dataclass; its schema is in docs/reference/cli/.
"""

import sys
from typing import Any

from pydantic import TypeAdapter


def write(document: object) -> None:
    """Print a dataclass as JSON on standard output."""
    text = TypeAdapter(type(document)).dump_json(document, indent=2).decode()
    sys.stdout.write(f"{text}\n")


def schemas() -> dict[str, dict[str, Any]]:
    """Verb → schema of what it prints; `logs` prints one such document a line."""
    from kaldra.cli import doctor, log_records, preview, status  # noqa: PLC0415  they import this

    documents: dict[str, type] = {
        "doctor": doctor.Report,
        "logs": log_records.Record,
        "preview": preview.Preview,
        "status": status.Status,
    }
    return {
        verb: TypeAdapter(document).json_schema(mode="serialization")
        for verb, document in documents.items()
    }
