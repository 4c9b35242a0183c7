"""Requests to `serving.reload`, the parent of a service that can replace its code while it runs.

One open command per service carries them: a JSON object per line each way.
"""

import json
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kaldra.cli.ui import Console
from kaldra.paths import REPO

DEBOUNCE_MILLISECONDS = 500
STEP_MILLISECONDS = 20
"""Changes at most that far apart are one save."""

SOURCES = frozenset({".py", ".json", ".ndjson", ".html", ".css", ".js"})
BUILD_FILES = frozenset({"Dockerfile", "install.sh"})
"""Not editors' temporary files, which lie beside these."""

SHOWN_PATHS = 2


class EndedError(Exception):
    """The other end is gone; `str()` is the last line it wrote."""


class Session:
    """An open receiver. The first request, for the state, is sent at once."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self._process = process = subprocess.Popen(  # noqa: S603  python, or the client that `up` chose
            command,
            cwd=REPO,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        assert process.stdin and process.stdout  # noqa: S101, PT018  pipes
        self._input, self._output = process.stdin, process.stdout
        self._state: Mapping[str, Any] | None = None
        self._send({})

    @property
    def ended(self) -> bool:
        """Whether the other end is gone."""
        return self._process.poll() is not None

    def state(self) -> Mapping[str, Any]:
        """What was served when the session began: `files`, their digests, and `differing` paths."""
        self._state = self._state or self._receive()
        return self._state

    def request(self, **message: Any) -> Mapping[str, Any]:
        """The answer to one request; `error` in it is why the code cannot be served."""
        self.state()
        self._send(message)
        return self._receive()

    def close(self) -> str:
        """End the session; returns what the other end said beside its answers."""
        self._process.kill()
        return self._process.communicate()[1]

    def _send(self, message: Mapping[str, Any]) -> None:
        try:
            self._input.write(json.dumps(message) + "\n")
            self._input.flush()
        except OSError:
            raise self._ended() from None

    def _receive(self) -> Mapping[str, Any]:
        line = self._output.readline()
        if not line.endswith("\n"):
            raise self._ended()
        answer: Mapping[str, Any] = json.loads(line)
        return answer

    def _ended(self) -> EndedError:
        return EndedError((self.close().strip().splitlines() or ["it ended"])[-1])


def changes(folders: Collection[Path], seconds: float) -> Iterator[list[Path]]:
    """Source files that were changed, once for each save; at least every `seconds`, also none."""
    while not folders:
        time.sleep(seconds)
        yield []
    import watchfiles  # noqa: PLC0415  costs verbs that watch nothing 0.1 s

    for found in watchfiles.watch(
        *folders,
        debounce=DEBOUNCE_MILLISECONDS,
        step=STEP_MILLISECONDS,
        rust_timeout=int(seconds * 1000),
        yield_on_timeout=True,
    ):
        paths = {Path(path) for _, path in found}
        yield sorted(p for p in paths if p.suffix in SOURCES or p.name in BUILD_FILES)


def within(folders: Collection[Path], paths: Iterable[Path]) -> list[str]:
    """The paths in these folders, as they are named in the repository."""
    return [
        (path.relative_to(REPO) if path.is_relative_to(REPO) else path).as_posix()
        for path in paths
        if any(path.is_relative_to(folder) for folder in folders)
    ]


def tell(
    console: Console, service: str, paths: Sequence[str], began: float, answer: Mapping[str, Any]
) -> None:
    """One line for a save: what was changed, what serves it and since when, or why not."""
    what = ", ".join(paths[:SHOWN_PATHS])
    if len(paths) > SHOWN_PATHS:
        what += f" and {len(paths) - SHOWN_PATHS} more"
    if error := answer.get("error"):
        where = f"{answer['file']}, line {answer['line']}: " if answer.get("file") else ""
        console.error(f"{where}{error}", f"{service} goes on serving its former code.")
    else:
        console.note(f"{what} → {service} · {time.monotonic() - began:.1f} s")
