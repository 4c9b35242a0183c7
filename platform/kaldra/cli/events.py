"""The engine's events (`pulumi … --json`, one a line) as progress.

Schema: pulumi/sdk, go/common/apitype/events.go. The engine masks secrets in them.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from kaldra.cli.ui import Console, Line
from kaldra.progress import Step

_CHANGES = {
    "create": "created",
    "update": "updated",
    "create-replacement": "replaced",
    "delete": "deleted",
    "delete-replaced": "deleted after its replacement",
}
"""Operations that change a resource, and their label when finished."""

_COUNTED = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "same": "unchanged",
}
_COLOUR = re.compile(r"<\{%.*?%\}>")
"""The engine's markup for colours."""


class Events:
    """Shows each changed resource as a line, and the engine's diagnostics."""

    def __init__(self, console: Console, step: Step) -> None:
        self._console = console
        self._step = step
        self._open: dict[tuple[str, str], Line] = {}
        self.changes: Mapping[str, int] = {}
        """Operation → number of resources; set when the engine has finished."""

    def take(self, line: str) -> None:
        """Show one event; print a line that is not an event."""
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:
            self._console.raw(f"  {line}")
            return
        if begun := event.get("resourcePreEvent"):
            self._begin(begun["metadata"])
        elif ended := event.get("resOutputsEvent"):
            self._end(ended["metadata"])
        elif failed := event.get("resOpFailedEvent"):
            self._end(failed["metadata"], failed=True)
        elif told := event.get("diagnosticEvent"):
            self._tell(told)
        elif summary := event.get("summaryEvent"):
            self.changes = summary["resourceChanges"] or {}

    def close(self) -> None:
        """Mark operations that the engine did not finish as failed."""
        for line in self._open.values():
            self._console.end(line, failed=True)
        self._open.clear()

    @property
    def summary(self) -> str:
        """Summary such as "1 updated, 17 unchanged"."""
        counts = ((word, self.changes.get(operation)) for operation, word in _COUNTED.items())
        return ", ".join(f"{count} {word}" for word, count in counts if count)

    def _begin(self, metadata: Mapping[str, Any]) -> None:
        operation, urn = metadata["op"], metadata["urn"]
        self._step.update(f"{operation} {resource(urn)}")
        if operation in _CHANGES and _shown(metadata):
            self._open[operation, urn] = self._console.begin(f"  {resource(urn)}")

    def _end(self, metadata: Mapping[str, Any], *, failed: bool = False) -> None:
        line = self._open.pop((metadata["op"], metadata["urn"]), None)
        if line is not None:
            line.done("" if failed else _CHANGES[metadata["op"]])
            self._console.end(line, failed=failed)

    def _tell(self, told: Mapping[str, Any]) -> None:
        text = _COLOUR.sub("", f"{told.get('prefix', '')}{told['message']}").strip()
        urn, severity = told.get("urn", ""), told["severity"]
        if told.get("ephemeral"):
            lines: list[Step] = [line for (_, of), line in self._open.items() if of == urn]
            for line in lines or [self._step]:
                line.update(" ".join(text.split())[:100])
            return
        if severity == "debug" or not text:
            return
        about = f"{resource(urn)}: " if urn and "pulumi:pulumi:Stack" not in urn else ""
        shown = "\n".join(f"  {line}" for line in f"{about}{text}".splitlines())
        if severity == "error":
            self._console.raw(shown)
        elif severity == "warning":
            self._console.warn(shown.strip())
        else:
            self._console.note(shown.strip())


def resource(urn: str) -> str:
    """Kind and name of a resource, such as "Deployment kaldra-api"."""
    _, _, types, name = urn.split("::", 3)
    return f"{types.rpartition('$')[2].rpartition(':')[2]} {name}"


def _shown(metadata: Mapping[str, Any]) -> bool:
    """Whether the resource is managed by a provider and is not a provider itself."""
    state = metadata.get("new") or metadata.get("old") or {}
    return bool(state.get("custom")) and not metadata["type"].startswith("pulumi:providers:")
