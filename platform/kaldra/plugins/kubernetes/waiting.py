"""Waiting until an object is what it should be, or is gone; and giving up early where it is clear.

Polling, not watching: what is waited for here takes seconds, a poll costs milliseconds, and there
is nothing to resume after a broken connection.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from kaldra.errors import KaldraError
from kaldra.plugins.kubernetes import diagnosis
from kaldra.plugins.kubernetes.client import Client
from kaldra.plugins.kubernetes.diagnosis import Trouble
from kaldra.plugins.kubernetes.kinds import Kind
from kaldra.plugins.kubernetes.objects import (
    SKIP_AWAIT,
    TIMEOUT_SECONDS,
    Object,
    annotation,
    is_true,
    name_of,
    namespace_of,
)

DEFAULT_TIMEOUT_SECONDS = 600.0
_FIRST_POLL_SECONDS = 0.1
_SLOWEST_POLL_SECONDS = 1.0

_HOPELESS_RESTARTS = 2
"""Restarts after which a container that ended again counts as crash-looping.

Kubernetes restarts a failed container at once, then after 10 seconds, then ever more slowly. A
start that only raced with something else is over by then; one that failed three times will fail
again, and the next attempts would only show it later.
"""

_PATIENCE_SECONDS = {
    "InvalidImageName": 0.0,
    "ErrImageNeverPull": 0.0,
    # Gone as soon as the ConfigMap or Secret arrives, which may be on its way.
    "CreateContainerConfigError": 15.0,
    "CreateContainerError": 15.0,
    "RunContainerError": 15.0,
    # Pulls are retried after 10 and 20 seconds: by then it was no hiccup of the registry.
    "ImagePullBackOff": 25.0,
    "ErrImagePull": 25.0,
}
"""Reasons that do not go away by themselves, and how long each may last before we give up."""


class NotReadyError(KaldraError):
    """The object exists, but did not become ready; `live` is how it was last seen."""

    def __init__(self, headline: str, details: list[str], live: Object) -> None:
        super().__init__("\n".join([headline, *details]))
        self.reasons = ["\n".join([headline, *details])]
        self.live = live


class Waiter:
    """Waits for objects of one cluster. `status` tells the user what is waited for.

    Made before the write whose effect is waited for: what went wrong earlier is not held against
    it.
    """

    def __init__(self, client: Client, cancelled: Any, status: Callable[[str], None]) -> None:
        self._client = client
        self._cancelled = cancelled
        self._status = status
        self._since = datetime.now(UTC)

    def settled(self, kind: Kind, where: tuple[str, str], timeout: float) -> Object | None:
        """Find an object by namespace and name; one being deleted is waited out."""
        live = self._client.find(kind, *where)
        if live is None or "deletionTimestamp" not in live["metadata"]:
            return live
        self.until_gone(kind, where, live["metadata"]["uid"], timeout)
        return self._client.find(kind, *where)

    def until_ready(self, kind: Kind, applied: Object, inputs: Object, timeout: float) -> Object:
        """Wait for what `applied` started; returns the live object. Raises NotReadyError."""
        check = _CHECKS.get(kind.name)
        if check is None or is_true(inputs, SKIP_AWAIT):
            return applied
        rollout = _Rollout(self._client, self._since) if kind.name == "Deployment" else None
        deadline = _Deadline(seconds(inputs, timeout))
        said = ""
        while True:
            live = self._client.find(kind, namespace_of(applied), name_of(applied))
            if live is None:
                raise NotReadyError(f"{kind.name} {name_of(applied)} was deleted.", [], applied)
            waiting_for = check(live)
            if not waiting_for:
                self._status("")
                return live
            hopeless = rollout.hopeless(live) if rollout else ""
            if waiting_for != said:
                self._status(waiting_for)
                said = waiting_for
            if hopeless or deadline.over or not self._pause(deadline):
                raise self._failure(kind, live, hopeless or self._end(deadline, waiting_for))

    def until_gone(self, kind: Kind, id_: tuple[str, str], uid: str, timeout: float) -> None:
        """Wait until the object with `uid` ("" for any) is gone; KaldraError when it stays."""
        deadline = _Deadline(timeout or DEFAULT_TIMEOUT_SECONDS)
        said = ""
        while True:
            live = self._client.find(kind, *id_)
            if live is None or (uid and live["metadata"].get("uid") != uid):
                if said:
                    self._status("")
                return
            holding = _holding(live)
            if holding != said and deadline.elapsed > 1:
                self._status(holding)
                said = holding
            if deadline.over or not self._pause(deadline):
                raise KaldraError(
                    f"{kind.name} {'/'.join(filter(None, id_))} is not gone yet "
                    f"({self._end(deadline, holding)})"
                )

    def _pause(self, deadline: "_Deadline") -> bool:
        """Wait for the next poll; False when the user gave up."""
        elapsed = deadline.elapsed
        pause = min(max(elapsed / 5, _FIRST_POLL_SECONDS), _SLOWEST_POLL_SECONDS)
        return not self._cancelled.wait(min(pause, max(deadline.left, 0.01)))

    def _end(self, deadline: "_Deadline", waiting_for: str) -> str:
        if self._cancelled.is_set():
            return f"cancelled while: {waiting_for}"
        return f"not within {deadline.seconds:g} s: {waiting_for}"

    def _failure(self, kind: Kind, live: Object, why: str) -> NotReadyError:
        headline = f"{kind.name} {name_of(live)} is not ready: {why}"
        if self._cancelled.is_set() or kind.name != "Deployment":
            return NotReadyError(headline, [], live)
        return NotReadyError(headline, diagnosis.explain(self._client, live), live)


def readiness(kind: Kind, live: Object, inputs: Object) -> str:
    """Tell what the object still waits for, "" when it is ready."""
    check = _CHECKS.get(kind.name)
    return "" if check is None or is_true(inputs, SKIP_AWAIT) else check(live)


def seconds(inputs: Object, timeout: float) -> float:
    """How long to wait: as the resource's options say, else its annotation, else ten minutes."""
    said = annotation(inputs, TIMEOUT_SECONDS)
    return timeout or (float(said) if said.isdigit() else DEFAULT_TIMEOUT_SECONDS)


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._start

    @property
    def left(self) -> float:
        return self.seconds - self.elapsed

    @property
    def over(self) -> bool:
        return self.left <= 0


class _Rollout:
    """Tells when a deployment's new pods cannot be expected to become ready any more."""

    def __init__(self, client: Client, since: datetime) -> None:
        self._client = client
        self._since = since
        self._restarts: dict[tuple[str, str], int] = {}
        self._first_seen: dict[tuple[str, str], float] = {}
        self._next_look = 0.0

    def hopeless(self, deployment: Object) -> str:
        """Say why it is hopeless, "" while it is not."""
        status = deployment.get("status") or {}
        if (status.get("observedGeneration") or 0) < deployment["metadata"].get("generation", 0):
            return ""
        for condition in status.get("conditions") or []:
            message = str(condition.get("message") or "")
            # One from before may be over by now.
            fresh = not self._is_older(str(condition.get("lastUpdateTime") or ""))
            if condition.get("reason") == "ProgressDeadlineExceeded" and fresh:
                return f"its rollout made no progress for too long ({message})"
            if condition.get("type") == "ReplicaFailure" and "violates PodSecurity" in message:
                return f"its pods are refused: {message}"
        # Pods say more, but are more to read: once a second is soon enough.
        if time.monotonic() < self._next_look:
            return ""
        self._next_look = time.monotonic() + 1
        pods = diagnosis.current_pods(self._client, deployment)
        created = {name_of(pod): pod["metadata"].get("creationTimestamp") for pod in pods}
        for trouble in diagnosis.troubles(pods):
            if self._is_hopeless(trouble, str(created.get(trouble.pod) or "")):
                return _hopeless_text(trouble)
        return ""

    def _is_hopeless(self, trouble: Trouble, created: str) -> bool:
        key = (trouble.pod, trouble.container)
        # What a pod that was there before did before is not counted.
        before = trouble.restarts if self._is_older(created) else 0
        baseline = self._restarts.setdefault(key, before)
        if not trouble.running and trouble.restarts - baseline >= _HOPELESS_RESTARTS:
            return True
        patience = _PATIENCE_SECONDS.get(trouble.reason)
        if patience is None:
            self._first_seen.pop(key, None)
            return False
        return time.monotonic() - self._first_seen.setdefault(key, time.monotonic()) >= patience

    def _is_older(self, timestamp: str) -> bool:
        # The server's times are whole seconds.
        since = self._since.replace(microsecond=0)
        return bool(timestamp) and datetime.fromisoformat(timestamp) < since


def _hopeless_text(trouble: Trouble) -> str:
    if trouble.restarts and trouble.reason not in _PATIENCE_SECONDS:
        return f"container {trouble.container} fails each time it is started"
    return f"{trouble.reason} in container {trouble.container}"


def _deployment(live: Object) -> str:
    status, spec = live.get("status") or {}, live.get("spec") or {}
    if (status.get("observedGeneration") or 0) < live["metadata"].get("generation", 0):
        return "waiting for the rollout to begin"
    wanted = spec.get("replicas", 1)
    updated = status.get("updatedReplicas") or 0
    available = status.get("availableReplicas") or 0
    total = status.get("replicas") or 0
    if updated < wanted:
        return f"{updated} of {wanted} new pods started"
    if total > updated:
        return f"new pods: {updated} of {wanted} started, old pods: {total - updated} left"
    if available < updated:
        return f"{available} of {wanted} pods available"
    return ""


def _service(live: Object) -> str:
    # Whether there are pods behind it is the Deployment's business.
    if (live.get("spec") or {}).get("type") != "LoadBalancer":
        return ""
    balancer = (live.get("status") or {}).get("loadBalancer") or {}
    return "" if balancer.get("ingress") else "waiting for the load balancer's address"


def _quota(live: Object) -> str:
    counted = (live.get("status") or {}).get("hard")
    same = counted == (live.get("spec") or {}).get("hard")
    return "" if same else "waiting until the quota is counted"


_CHECKS: dict[str, Callable[[Object], str]] = {
    "Deployment": _deployment,
    "Service": _service,
    "ResourceQuota": _quota,
}


def _holding(live: Object) -> str:
    """Say what keeps a deleted object from being gone."""
    conditions = (live.get("status") or {}).get("conditions") or []
    told = [str(c.get("message")) for c in conditions
            if c.get("status") == "True" and "Remaining" in str(c.get("type"))]  # fmt: skip
    finalizers = live["metadata"].get("finalizers") or []
    waiting = f"waiting for finalizers {', '.join(finalizers)}" if finalizers else ""
    return "; ".join(told) or waiting or "waiting until it is gone"
