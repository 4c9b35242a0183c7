"""Why a Deployment does not become ready: its pods' own reasons, their events and last words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kaldra.errors import KaldraError
from kaldra.plugins.kubernetes.client import Client
from kaldra.plugins.kubernetes.kinds import EVENT, POD, REPLICA_SET
from kaldra.plugins.kubernetes.objects import Object, name_of, namespace_of

_REVISION = "deployment.kubernetes.io/revision"
_HARMLESS = {"", "ContainerCreating", "PodInitializing"}
_LOG_LINES = 15
_EVENTS = 3
_NO_LOGS = "unable to retrieve container logs"
_BACK_OFF = re.compile(r"^back-off \S+ restarting failed container.*", re.IGNORECASE)


@dataclass(frozen=True)
class Trouble:
    """What is wrong with one container (or, without one, with its pod)."""

    pod: str
    container: str
    reason: str
    message: str
    restarts: int = 0
    running: bool = False
    """Whether the container is up at the moment, again or still."""


def current_pods(client: Client, deployment: Object) -> list[Object]:
    """List the pods of the deployment's newest replica set that are not on their way out."""
    namespace = namespace_of(deployment)
    selector = _selector(deployment)
    revision = _annotations(deployment).get(_REVISION)
    owned = {
        replica_set["metadata"]["uid"]
        for replica_set in client.listed(REPLICA_SET, namespace, labelSelector=selector)
        if _owner(replica_set) == deployment["metadata"].get("uid")
        and _annotations(replica_set).get(_REVISION) == revision
    }
    return [
        pod
        for pod in client.listed(POD, namespace, labelSelector=selector)
        if _owner(pod) in owned and not pod["metadata"].get("deletionTimestamp")
    ]


def troubles(pods: list[Object]) -> list[Trouble]:
    """Find what keeps the pods from being ready, most telling first."""
    found = [trouble for pod in pods for trouble in _of_pod(pod)]
    return sorted(found, key=lambda trouble: -trouble.restarts)


def explain(client: Client, deployment: Object) -> list[str]:
    """Describe the troubles of a deployment, one text for each kind of it."""
    namespace = namespace_of(deployment)
    try:
        pods = current_pods(client, deployment)
        # Replicas fail alike: one speaks for all.
        distinct: dict[tuple[str, str], Trouble] = {}
        for trouble in troubles(pods):
            distinct.setdefault((trouble.container, trouble.reason), trouble)
        if not distinct:
            return list(_conditions(deployment))
        return [_describe(client, namespace, trouble) for trouble in distinct.values()]
    except KaldraError as error:
        return [*_conditions(deployment), f"(its pods could not be looked at: {error})"]


def _describe(client: Client, namespace: str, trouble: Trouble) -> str:
    where = f"pod {trouble.pod}"
    if trouble.container:
        where += f", container {trouble.container}"
    message = f": {trouble.message}" if trouble.message else ""
    lines = [f"{where}: {trouble.reason}{message}"]
    if trouble.restarts:
        lines[0] += f" (restarted {trouble.restarts} times)"
    events = _events(client, namespace, trouble.pod)
    lines += ["  events:", *(f"    {event}" for event in events)] if events else []
    words = _last_words(client, namespace, trouble) if trouble.container else []
    lines += ["  last log lines:", *(f"    {line}" for line in words)] if words else []
    return "\n".join(lines)


def _last_words(client: Client, namespace: str, trouble: Trouble) -> list[str]:
    # Until a restarted container runs again, "current" is the one that failed.
    attempts = (True, False) if trouble.running else (False, True)
    for previous in attempts:
        words = client.logs(
            namespace, trouble.pod, trouble.container, previous=previous, lines=_LOG_LINES
        )
        if words and not words[0].startswith(_NO_LOGS):
            return words
    return []


def _events(client: Client, namespace: str, pod: str) -> list[str]:
    chosen = f"involvedObject.name={pod},type=Warning"
    events = client.listed(EVENT, namespace, fieldSelector=chosen)
    events.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    texts = [f"{event.get('reason')}: {str(event.get('message')).strip()}" for event in events]
    return list(dict.fromkeys(reversed(texts)))[:_EVENTS]


def _of_pod(pod: Object) -> Iterator[Trouble]:
    status = pod.get("status") or {}
    name = name_of(pod)
    containers = [
        *(status.get("initContainerStatuses") or []),
        *(status.get("containerStatuses") or []),
    ]
    for container in containers:
        yield from _of_container(name, container)
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            reason = str(condition.get("reason") or "Unschedulable")
            yield Trouble(name, "", reason, str(condition.get("message") or ""))


def _of_container(pod: str, container: dict[str, Any]) -> Iterator[Trouble]:
    state = container.get("state") or {}
    restarts = int(container.get("restartCount") or 0)
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    before = (container.get("lastState") or {}).get("terminated") or {}
    reason, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
    if _BACK_OFF.match(message):
        message = ""
    if reason not in _HARMLESS:
        message = message or (_ending(before) if before else "")
    elif ended and ended.get("exitCode"):
        reason, message = str(ended.get("reason") or "Error"), _ending(ended)
    elif state.get("running") is not None and not container.get("ready") and before:
        reason, message = "Restarted", _ending(before)
    elif state.get("running") is not None and not container.get("ready"):
        reason, message = "NotReady", "it runs, but its readiness or startup probe fails"
    else:
        return
    running = state.get("running") is not None
    yield Trouble(pod, str(container.get("name")), reason, message, restarts, running)


def _ending(ended: dict[str, Any]) -> str:
    said = str(ended.get("message") or "").strip()
    reason = ended.get("reason")
    why = f" ({reason})" if reason and reason != "Error" else ""
    return f"exit code {ended.get('exitCode')}{why}" + (f": {said}" if said else "")


def _conditions(deployment: Object) -> Iterator[str]:
    for condition in (deployment.get("status") or {}).get("conditions") or []:
        failed = condition.get("type") == "ReplicaFailure"
        if condition.get("status") == ("True" if failed else "False"):
            yield f"{condition.get('reason')}: {condition.get('message')}"


def _selector(deployment: Object) -> str:
    labels = deployment["spec"]["selector"].get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _annotations(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("annotations") or {}


def _owner(obj: Object) -> str:
    for reference in obj["metadata"].get("ownerReferences") or []:
        if reference.get("controller"):
            return str(reference.get("uid"))
    return ""
