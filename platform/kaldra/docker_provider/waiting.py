"""Waits until a container answers its health check, and reports why it does not."""

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from docker.errors import APIError

from kaldra.docker_provider.resource import Resource

_LOOK_SECONDS = 0.25
_PROBE_SECONDS = 10.0
_SETTLE_SECONDS = 0.5
_RESTARTS_TOLERATED = 2
_LOG_LINES = 15
_REMOVED = "The container was removed while it was being started"


def until_running(resource: Resource, id_: str) -> list[str]:
    """Make sure that a container does not end at once; why it did."""
    end = time.monotonic() + _SETTLE_SECONDS
    while found := resource.find("container", id_):
        if what := _ended(found):
            return _reasons(resource, found, what)
        if time.monotonic() >= end or resource.tools.cancelled.wait(_LOOK_SECONDS):
            return []
    return [_REMOVED]


def until_healthy(resource: Resource, id_: str, seconds: float) -> list[str]:
    """Wait until a container's health check succeeds; why it did not.

    The engine makes its first check one interval after the start; the same check, made here inside
    the container, succeeds sooner.
    """
    end = time.monotonic() + seconds
    while found := resource.find("container", id_):
        status, health = found["State"]["Status"], found["State"].get("Health")
        test = (found["Config"].get("Healthcheck") or {}).get("Test") or []
        if not health or test[:1] == ["NONE"]:
            what = "has no health check, so it cannot be waited for"
        elif health["Status"] == "healthy" or _probe(resource, found, test):
            return []
        elif ended := _ended(found):
            what = ended
        elif health["Status"] == "unhealthy" and status == "running":
            what = "is unhealthy"
        elif time.monotonic() >= end:
            what = f"did not become healthy within {seconds:g} s"
        else:
            resource.status(f"waiting until healthy ({status})")
            if resource.tools.cancelled.wait(_LOOK_SECONDS):
                return ["Cancelled while waiting for the health check"]
            continue
        return _reasons(resource, found, what)
    return [_REMOVED]


def _ended(found: Mapping[str, Any]) -> str:
    restarts = found.get("RestartCount") or 0
    if found["State"]["Status"] in ("exited", "dead"):
        return "ended"
    return f"keeps ending ({restarts} restarts)" if restarts >= _RESTARTS_TOLERATED else ""


def _probe(resource: Resource, found: Mapping[str, Any], test: list[str]) -> bool:
    if found["State"]["Status"] != "running" or len(test) < 2:
        return False
    command = ["/bin/sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]
    engine = resource.engine
    with contextlib.suppress(APIError):
        probe = engine.exec_create(found["Id"], command)["Id"]
        engine.exec_start(probe, detach=True)
        end = time.monotonic() + _PROBE_SECONDS
        while time.monotonic() < end and not resource.tools.cancelled.wait(_LOOK_SECONDS / 5):
            answer = engine.exec_inspect(probe)
            if not answer["Running"]:
                return bool(answer["ExitCode"] == 0)
    return False


def _reasons(resource: Resource, found: Mapping[str, Any], what: str) -> list[str]:
    now = found["State"]
    reason = f"Container {found['Name'].removeprefix('/')} {what}"
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
    with contextlib.suppress(APIError):
        logs = resource.engine.logs(found["Id"], tail=_LOG_LINES).decode(errors="replace")
        if logs:
            reasons.append("\n  ".join(["Its last lines:", *logs.splitlines()]))
    return reasons
