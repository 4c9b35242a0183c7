"""Reads the builder's plain progress: what is going on now, and what went wrong where."""

import re
import time
from collections import deque

_LINES_KEPT = 25
_STEP = re.compile(r"#(\d+) (\[.+)")
_ERROR = re.compile(r"#(\d+) ERROR: (.*)")
_ENDED = re.compile(r"#\d+ (?:DONE|CACHED|CANCELED)\b")
_OUTPUT = re.compile(r"#(\d+) (?:\d+(?:\.\d+)? )?(.*)")
_FRAME = re.compile(r"-{6}| > \[.*")

NO_BUILDX = "buildx component is missing"


class Throttle:
    """Lets a status through at most every so many seconds: each one is a message to the engine."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def ready(self) -> bool:
        """Whether it is time for the next one."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


class Progress:
    """Follows a build line by line."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._output: dict[str, deque[str]] = {}
        self._failed: tuple[str, str] | None = None
        self._loose: deque[str] = deque(maxlen=_LINES_KEPT)

    def feed(self, line: str) -> str:
        """Take a line; returns what to show as the status now, "" for nothing new."""
        line = line.rstrip()
        if step := _STEP.fullmatch(line):
            number, name = step.groups()
            self._names[number] = name
            return name
        if error := _ERROR.fullmatch(line):
            self._failed = (error[1], error[2])
        elif output := _OUTPUT.fullmatch(line):
            return self._keep(line, output[1], output[2])
        elif line.strip() and not _FRAME.fullmatch(line):
            self._loose.append(line)
        return ""

    def _keep(self, line: str, number: str, text: str) -> str:
        noise = _ENDED.match(line) or text.startswith("sha256:") or not text
        if noise or number not in self._names:
            return ""
        self._output.setdefault(number, deque(maxlen=_LINES_KEPT)).append(text)
        return f"{self._names[number].split(' RUN ')[0]} {text}"

    def failure(self) -> str:
        """The step that failed and its last lines; else the last lines that belong to no step."""
        if self._failed is None:
            return "\n".join(self._loose) or "the builder gave no reason"
        number, reason = self._failed
        lines = [f"at {self._names.get(number, 'a step')}"]
        lines += [f"  {line}" for line in self._output.get(number, ())]
        return "\n".join([*lines, reason])

    @property
    def lacks_buildx(self) -> bool:
        """Whether this client has no builder at all."""
        return any(NO_BUILDX in line for line in self._loose)
