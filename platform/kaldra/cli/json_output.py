"""What verbs print with `--json`: a dataclass, whose JSON Schema is in docs/reference/cli/."""

import sys

from pydantic import TypeAdapter


def write(document: object) -> None:
    """Print a dataclass as JSON on standard output."""
    text = TypeAdapter(type(document)).dump_json(document, indent=2).decode()
    sys.stdout.write(f"{text}\n")
