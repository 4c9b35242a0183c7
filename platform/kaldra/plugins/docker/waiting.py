"""Waits until a container answers its health check, and says why it does not."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from kaldra.errors import KaldraError
from kaldra.plugins.docker.engine import Engine, EngineError

_LOOK_SECONDS = 0.25
_PROBE_SECONDS = 10.0
_SETTLE_SECONDS = 0.5
_RESTARTS_TOLERATED = 2
_LOG_LINES = 15


class NotReadyError(KaldraError):
    """The container is there, but not as it should be; `reasons` tell why, then its last lines."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


class Watch:
    """Looks at one container until it is as it should be."""

    def __init__(
        self,
        engine: Engine,
        id_: str,
        cancelled: threading.Event,
        status: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._id = id_
        self._cancelled = cancelled
        self._status = status

    def until_running(self) -> None:
        """Make sure it does not end at once. NotReadyError if it does."""
        end = time.monotonic() + _SETTLE_SECONDS
        while True:
            found = self._look()
            self._fail_if_ended(found)
            if time.monotonic() >= end or self._cancelled.wait(_LOOK_SECONDS):
                return

    def until_healthy(self, seconds: float) -> None:
        """Wait until its health check succeeds. NotReadyError with reason and last lines.

        The engine makes its first check one interval after the start; the same check, made here
        inside the container, tells sooner.
        """
        end = time.monotonic() + seconds
        while True:
            found = self._look()
            health = found["State"].get("Health")
            test = (found["Config"].get("Healthcheck") or {}).get("Test") or []
            if not health or test[:1] == ["NONE"]:
                raise NotReadyError(
                    [f"{self._name(found)} has no health check, so it cannot be waited for"]
                )
            if health["Status"] == "healthy" or self._probe(found, test):
                return
            self._fail_if_ended(found)
            if health["Status"] == "unhealthy" and found["State"]["Status"] == "running":
                raise self._not_ready(found, "is unhealthy", _last_answer(health))
            if time.monotonic() >= end:
                reason = f"did not become healthy within {seconds:g} s"
                raise self._not_ready(found, reason, _last_answer(health))
            self._status(f"waiting until healthy ({found['State']['Status']})")
            if self._cancelled.wait(_LOOK_SECONDS):
                raise NotReadyError(["Cancelled while waiting for the container's health check"])

    def until_ended(self) -> tuple[int, str]:
        """Wait for its end; exit code and everything it wrote."""
        while (found := self._look())["State"]["Status"] in ("created", "running", "restarting"):
            if self._cancelled.wait(_LOOK_SECONDS):
                raise NotReadyError(["Cancelled while the container was running"])
        logs = self._engine.logs(self._id, 10_000)
        return int(found["State"]["ExitCode"]), "\n".join(logs)

    def _look(self) -> dict[str, Any]:
        found = self._engine.find(f"/containers/{quote(self._id)}/json")
        if found is None:
            raise NotReadyError(["The container was removed while it was being started"])
        return dict(found)

    def _probe(self, found: Mapping[str, Any], test: list[str]) -> bool:
        if found["State"]["Status"] != "running" or len(test) < 2:
            return False
        command = ["/bin/sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]
        with contextlib.suppress(EngineError):
            path = f"/containers/{quote(self._id)}/exec"
            probe = self._engine.call("POST", path, {"Cmd": command})["Id"]
            self._engine.call("POST", f"/exec/{probe}/start", {"Detach": True})
            end = time.monotonic() + _PROBE_SECONDS
            while time.monotonic() < end and not self._cancelled.wait(_LOOK_SECONDS / 5):
                answer = self._engine.call("GET", f"/exec/{probe}/json")
                if not answer["Running"]:
                    return bool(answer["ExitCode"] == 0)
        return False

    def _fail_if_ended(self, found: Mapping[str, Any]) -> None:
        status, restarts = found["State"]["Status"], found.get("RestartCount") or 0
        if status in ("exited", "dead"):
            raise self._not_ready(found, "ended")
        if restarts >= _RESTARTS_TOLERATED:
            raise self._not_ready(found, f"keeps ending ({restarts} restarts)")

    def _not_ready(self, found: Mapping[str, Any], what: str, answer: str = "") -> NotReadyError:
        now = found["State"]
        reason = f"{self._name(found)} {what}"
        if now.get("OOMKilled"):
            reason += ": out of memory"
        if now["Status"] in ("exited", "dead", "restarting"):
            reason += f", exit code {now['ExitCode']}"
        if now.get("Error"):
            reason += f": {now['Error']}"
        reasons = [reason]
        if answer:
            reasons.append(f"Its health check said: {answer}")
        logs = self._engine.logs(self._id, _LOG_LINES)
        if logs:
            reasons.append("\n  ".join(["Its last lines:", *logs]))
        return NotReadyError(reasons)

    @staticmethod
    def _name(found: Mapping[str, Any]) -> str:
        return f"Container {str(found['Name']).removeprefix('/')}"


def _last_answer(health: Mapping[str, Any]) -> str:
    entries = health.get("Log") or []
    return str(entries[-1].get("Output") or "").strip() if entries else ""
