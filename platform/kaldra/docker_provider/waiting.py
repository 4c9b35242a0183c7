"""Waits until a container answers its health check, and reports why it does not."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from docker.errors import APIError

from kaldra.docker_provider.resource import PartialFailureError, Tools

_LOOK_SECONDS = 0.25
_PROBE_SECONDS = 10.0
_SETTLE_SECONDS = 0.5
_RESTARTS_TOLERATED = 2
_LOG_LINES = 15


class Watch:
    """Looks at one container until it is as it should be. Raises PartialFailureError otherwise."""

    def __init__(self, tools: Tools, id_: str, status: Callable[[str], None]) -> None:
        self._tools = tools
        self._id = id_
        self._status = status

    def until_running(self) -> None:
        """Make sure that it does not end at once."""
        end = time.monotonic() + _SETTLE_SECONDS
        while True:
            found = self._look()
            self._fail_if_ended(found)
            if time.monotonic() >= end or self._tools.cancelled.wait(_LOOK_SECONDS):
                return

    def until_healthy(self, seconds: float) -> None:
        """Wait until its health check succeeds.

        The engine makes its first check one interval after the start; the same check, made here
        inside the container, succeeds sooner.
        """
        end = time.monotonic() + seconds
        while True:
            found = self._look()
            health = found["State"].get("Health")
            test = (found["Config"].get("Healthcheck") or {}).get("Test") or []
            if not health or test[:1] == ["NONE"]:
                raise self._not_ready(found, "has no health check, so it cannot be waited for")
            if health["Status"] == "healthy" or self._probe(found, test):
                return
            self._fail_if_ended(found)
            if health["Status"] == "unhealthy" and found["State"]["Status"] == "running":
                raise self._not_ready(found, "is unhealthy")
            if time.monotonic() >= end:
                raise self._not_ready(found, f"did not become healthy within {seconds:g} s")
            self._status(f"waiting until healthy ({found['State']['Status']})")
            if self._tools.cancelled.wait(_LOOK_SECONDS):
                raise PartialFailureError(["Cancelled while waiting for the health check"])

    def _look(self) -> dict[str, Any]:
        found = self._tools.find("inspect_container", self._id)
        if found is None:
            raise PartialFailureError(["The container was removed while it was being started"])
        return found

    def _logs(self) -> list[str]:
        try:
            content = self._tools.engine.logs(self._id, tail=_LOG_LINES)
        except APIError:
            return []
        return content.decode(errors="replace").splitlines()

    def _probe(self, found: Mapping[str, Any], test: list[str]) -> bool:
        if found["State"]["Status"] != "running" or len(test) < 2:
            return False
        command = ["/bin/sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]
        engine = self._tools.engine
        with contextlib.suppress(APIError):
            probe = engine.exec_create(self._id, command)["Id"]
            engine.exec_start(probe, detach=True)
            end = time.monotonic() + _PROBE_SECONDS
            while time.monotonic() < end and not self._tools.cancelled.wait(_LOOK_SECONDS / 5):
                answer = engine.exec_inspect(probe)
                if not answer["Running"]:
                    return bool(answer["ExitCode"] == 0)
        return False

    def _fail_if_ended(self, found: Mapping[str, Any]) -> None:
        status, restarts = found["State"]["Status"], found.get("RestartCount") or 0
        if status in ("exited", "dead"):
            raise self._not_ready(found, "ended")
        if restarts >= _RESTARTS_TOLERATED:
            raise self._not_ready(found, f"keeps ending ({restarts} restarts)")

    def _not_ready(self, found: Any, what: str) -> PartialFailureError:
        now = found["State"]
        reason = f"Container {str(found['Name']).removeprefix('/')} {what}"
        if now.get("OOMKilled"):
            reason += ": out of memory"
        if now["Status"] in ("exited", "dead", "restarting"):
            reason += f", exit code {now['ExitCode']}"
        if now.get("Error"):
            reason += f": {now['Error']}"
        reasons = [reason]
        entries = (now.get("Health") or {}).get("Log") or [{}]
        if answer := str(entries[-1].get("Output") or "").strip():
            reasons.append(f"Its health check said: {answer}")
        logs = self._logs()
        if logs:
            reasons.append("\n  ".join(["Its last lines:", *logs]))
        return PartialFailureError(reasons)
