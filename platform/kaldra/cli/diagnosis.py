"""Why a stack's pods are not ready: Kubernetes' reasons, events and last log lines."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kaldra.cli import kubectl
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError

Object = Mapping[str, Any]

LOG_LINES = 15
EVENTS = 3
REQUEST_TIMEOUT = "--request-timeout=10s"
WARNINGS = "--field-selector=type=Warning"

_STARTING = ("ContainerCreating", "PodInitializing")


@dataclass(frozen=True)
class Problem:
    """What keeps a container from being ready; without a container, its pod."""

    pod: str
    container: str
    reason: str
    restarts: int = 0


def explain(workspace: Workspace) -> str:
    """Describe each distinct problem once; "" without problems or without a cluster."""
    if not workspace.settings.on_cluster:
        return ""
    try:
        pods = kubectl.listed(workspace, "pods", kubectl.SELECTOR, REQUEST_TIMEOUT)
        events = kubectl.listed(workspace, "events", WARNINGS, REQUEST_TIMEOUT)
    except KaldraError:
        return ""
    # Replicas fail for the same reason: one of them is enough.
    distinct = {(p.container, p.reason): p for p in reversed(problems(pods))}
    if distinct:
        return "\n".join(_described(workspace, p, events) for p in reversed(distinct.values()))
    # No pod: its ReplicaSet knows why (quota, Pod Security, admission).
    return "\n".join(warnings(events, "ReplicaSet"))


def problems(pods: list[Object]) -> list[Problem]:
    """What keeps these pods from being ready, the most restarted first."""
    found = [p for pod in pods if not pod["metadata"].get("deletionTimestamp") for p in _of(pod)]
    return sorted(found, key=lambda problem: -problem.restarts)


def warnings(events: list[Object], kind: str, name: str = "") -> list[str]:
    """The latest warnings about an object, or about all of a kind, without repetitions."""
    about = [
        event
        for event in events
        if event["involvedObject"]["kind"] == kind and name in ("", event["involvedObject"]["name"])
    ]
    about.sort(key=lambda e: e.get("lastTimestamp") or e.get("eventTime") or "", reverse=True)
    texts = (f"{event.get('reason')}: {str(event.get('message')).strip()}" for event in about)
    return list(dict.fromkeys(texts))[:EVENTS]


def _described(workspace: Workspace, problem: Problem, events: list[Object]) -> str:
    where = f"pod {problem.pod}"
    where += f", container {problem.container}" if problem.container else ""
    often = f" (restarted {problem.restarts} times)" if problem.restarts else ""
    lines = [f"{where}: {problem.reason}{often}"]
    if said := warnings(events, "Pod", problem.pod):
        lines += ["  events:", *(f"    {line}" for line in said)]
    if problem.container and (logged := _last_log_lines(workspace, problem)):
        lines += ["  last log lines:", *(f"    {line}" for line in logged)]
    return "\n".join(lines)


def _last_log_lines(workspace: Workspace, problem: Problem) -> list[str]:
    options = (f"--container={problem.container}", f"--tail={LOG_LINES}", REQUEST_TIMEOUT)
    # A restarted container may not have written anything yet.
    for previous in (["--previous"], []) if problem.restarts else ([],):
        with suppress(KaldraError):
            said = kubectl.read(workspace, "logs", problem.pod, *options, *previous)
            if lines := said.splitlines():
                return lines
    return []


def _of(pod: Object) -> Iterator[Problem]:
    status, name = pod.get("status") or {}, pod["metadata"]["name"]
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(kind) or ():
            if reason := _reason(container):
                yield Problem(name, container["name"], reason, container.get("restartCount") or 0)
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield Problem(name, "", f"{condition.get('reason')}: {condition.get('message')}")


def _reason(container: Object) -> str:
    state = container.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    before = (container.get("lastState") or {}).get("terminated") or {}
    if waiting and waiting.get("reason") not in _STARTING:
        message = _ending(before) if before else waiting.get("message")
        return f"{waiting.get('reason')}: {message}"
    if ended.get("exitCode"):
        return _ending(ended)
    if "running" in state and not container.get("ready"):
        return _ending(before) if before else "NotReady: running, but its readiness probe fails"
    return ""


def _ending(ended: Object) -> str:
    said = str(ended.get("message") or "").strip()
    because = f": {said}" if said else ""
    return f"{ended.get('reason')}, exit code {ended.get('exitCode')}{because}"
