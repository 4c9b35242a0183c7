"""The engine's events (`pulumi … --json`, one a line) as progress.

Schema: pulumi/sdk, go/common/apitype/events.go. The engine masks secrets in them.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from kaldra.cli.ui import Console
from kaldra.progress import Step

_DONE = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "create-replacement": "replaced",
    "delete": "deleted",
    "delete-replaced": "deleted after its replacement",
    "same": "unchanged",
}
"""Operation on a resource → its label when finished."""

_SHOWN = ("create", "update", "create-replacement", "delete", "delete-replaced")
_COUNTED = ("create", "update", "replace", "delete", "same")

_COLOUR = re.compile(r"<\{%.*?%\}>")
"""The engine's markup for colours."""


class Events:
    """Shows each changed resource as a line, and the engine's diagnostics."""

    def __init__(self, console: Console, step: Step) -> None:
        self._console = console
        self._step = step
        self._open: dict[tuple[str, str], Step] = {}
        self.summary = ""
        """Such as "1 updated, 17 unchanged"; set when the engine has finished."""

    def take(self, text: str) -> None:
        """Show one event; print a line that is not an event."""
        try:
            event: dict[str, Any] = json.loads(text)
        except ValueError:
            self._console.raw(f"  {text}")
            return
        match event:
            case {"resourcePreEvent": {"metadata": begun}}:
                self._begin(begun)
            case {"resOutputsEvent": {"metadata": ended}}:
                self._end(ended, failed=False)
            case {"resOpFailedEvent": {"metadata": ended}}:
                self._end(ended, failed=True)
            case {"diagnosticEvent": told}:
                self._tell(told)
            case {"summaryEvent": {"resourceChanges": {**changes}}}:
                counted = [operation for operation in _COUNTED if changes.get(operation)]
                self.summary = ", ".join(f"{changes[one]} {_DONE[one]}" for one in counted)

    def close(self) -> None:
        """Mark operations that the engine did not finish as failed."""
        for line in self._open.values():
            self._console.end(line, failed=True)

    def _begin(self, metadata: Mapping[str, Any]) -> None:
        operation, urn = metadata["op"], metadata["urn"]
        self._step.update(f"{operation} {resource(urn)}")
        state = metadata.get("new") or metadata.get("old") or {}
        # Components are only groups, and providers are not deployed.
        managed = state.get("custom") and not metadata["type"].startswith("pulumi:providers:")
        if operation in _SHOWN and managed:
            self._open[operation, urn] = self._console.begin(f"  {resource(urn)}")

    def _end(self, metadata: Mapping[str, Any], *, failed: bool) -> None:
        if line := self._open.pop((metadata["op"], metadata["urn"]), None):
            line.done("" if failed else _DONE[metadata["op"]])
            self._console.end(line, failed=failed)

    def _tell(self, told: Mapping[str, Any]) -> None:
        text = _COLOUR.sub("", f"{told.get('prefix', '')}{told['message']}").strip()
        urn, severity = told.get("urn", ""), told["severity"]
        if told.get("ephemeral"):
            lines: list[Step] = [line for (_, of), line in self._open.items() if of == urn]
            for line in lines or [self._step]:
                line.update(" ".join(text.split())[:100])
        elif text and severity != "debug":
            about = f"{resource(urn)}: " if urn and "pulumi:pulumi:Stack" not in urn else ""
            shown = "\n  ".join(f"{about}{text}".splitlines())
            if severity == "error":
                self._console.raw(f"  {shown}")
            elif severity == "warning":
                self._console.warn(shown)
            else:
                self._console.note(shown)


def resource(urn: str) -> str:
    """Kind and name of a resource, such as "Deployment kaldra-api"."""
    _, _, types, name = urn.split("::", 3)
    return f"{types.rpartition('$')[2].rpartition(':')[2]} {name}"
