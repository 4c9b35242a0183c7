"""Whether a stack is ready, for every target and verb."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kaldra import variables
from kaldra.cli import containers, kubectl
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.services import API, SERVICES
from kaldra.toolchain import commands
from kaldra.toolchain.http_request import request

ATTEMPT_SECONDS = 2.0
GATEWAY_SECONDS = 60.0
CLUSTER_SECONDS = 10
ASK_AGAIN_SECONDS = 0.2


@dataclass(frozen=True)
class Workload:
    """A service's Deployment, or its container on the `local` target."""

    name: str
    ready: int
    wanted: int
    """Minimum number of ready pods."""
    detail: str
    """Image, or the problem, for display."""
    exists: bool = True

    @property
    def well(self) -> bool:
        """Whether the minimum number of pods is ready."""
        return self.ready >= self.wanted

    def __str__(self) -> str:
        mark = "✓" if self.well else "✗"
        return f"{mark} {self.name}  {self.ready}/{self.wanted} ready  {self.detail}"


def workloads(workspace: Workspace) -> list[Workload]:
    """Both services, the core first; raises KaldraError if the target does not respond."""
    settings = workspace.settings
    if settings.target == "local":
        containers.require_engine(workspace)
        return [_container(name, containers.look(name)) for name in containers.names(workspace)]
    deployments = kubectl.listed(workspace, "deployments", kubectl.SELECTOR)
    found = {d["metadata"]["name"]: d for d in deployments}
    return [
        _deployment(service.name, settings.replicas_of(service.key), found.get(service.name))
        for service in SERVICES
    ]


def status(url: str) -> str:
    """Send one GET /status/ and return the body. Raises OSError unless the response is 200."""
    code, body = request(f"{url}/status/", timeout=ATTEMPT_SECONDS)
    if code != HTTPStatus.OK:
        raise OSError(f"HTTP {code}")
    return body.decode(errors="replace")


def wait(workspace: Workspace, console: Console) -> str:
    """Wait until all pods are ready and the gateway responds; return its response.

    A new Deployment starts with one pod; its autoscaler adds the others later. On Docker only the
    gateway's response counts, not the health check. Raises KaldraError naming what is not ready.
    """
    if workspace.settings.target == "local":
        return ask_gateway(workspace, console)
    seconds = workspace.settings.rollout_timeout_seconds
    end = time.monotonic() + seconds
    with console.step("pods ready") as step:
        while late := [w for w in workloads(workspace) if not w.well]:
            missing = ", ".join(f"{w.name} {w.ready} of {w.wanted}" for w in late)
            if time.monotonic() > end:
                raise KaldraError(
                    f"Not ready after {seconds} s: {missing}.",
                    hint=f"./kaldra logs --stack {workspace.stack}",
                )
            step.update(missing)
            time.sleep(ASK_AGAIN_SECONDS)
    return ask_gateway(workspace, console)


def ask_gateway(workspace: Workspace, console: Console, seconds: float = GATEWAY_SECONDS) -> str:
    """Request /status/ until it responds, on staging through the API server.

    There the public host name is requested too; a problem with it (DNS, certificate, ingress) is
    a warning. Raises KaldraError with the last error.
    """
    settings, hint = workspace.settings, f"./kaldra logs --stack {workspace.stack}"
    if settings.target != "staging":
        return _wait_for_status(settings.url, console, seconds, hint)
    from kaldra.cli import forward  # noqa: PLC0415  needed on staging only

    with forward.forwarded(workspace, API) as address:
        answer = _wait_for_status(address, console, seconds, hint)
    try:
        status(settings.url)
    except OSError as error:
        console.warn(f"{settings.url}/status/ does not answer here: {error}. The pods do.")
    return answer


def require_cluster(workspace: Workspace) -> None:
    """Raise KaldraError with the cluster's message if it is unreachable or rejects us."""
    question = ("get", "--raw=/readyz", f"--request-timeout={CLUSTER_SECONDS}s")
    done = commands.captured(kubectl.command(workspace, *question))
    if done.returncode == 0:
        return
    settings = workspace.settings
    where = f"context {settings.context}" if settings.context else "the current context"
    files = settings.kubeconfig_path or variables.KUBECONFIG.value or "~/.kube/config"
    said = [line for line in done.stderr.splitlines() if line.strip()] or ["no answer"]
    raise KaldraError(
        f"The cluster of stack {workspace.stack} ({where} of {files}) cannot be used: "
        f"{said[-1].removeprefix('error: ').strip()}",
        hint=f"Check kaldra:kubeContext and kaldra:kubeconfig in Pulumi.{workspace.stack}.yaml; "
        "your credentials for the cluster may have expired.",
    )


def _deployment(name: str, promised: int, found: Mapping[str, Any] | None) -> Workload:
    if found is None:
        return Workload(name, 0, promised, "does not exist", exists=False)
    reported = found.get("status", {})
    updated = reported.get("updatedReplicas", 0)
    # Pods of an older template serve as well, but are not what was deployed; they may be the ready
    # ones. A new template that the controller has not seen has no pods yet.
    older = max(0, reported.get("replicas", 0) - updated)
    ready = max(0, reported.get("readyReplicas", 0) - older)
    if reported.get("observedGeneration", 0) < found["metadata"].get("generation", 0):
        ready = 0
    wanted = max(promised, found["spec"].get("replicas", 1))
    image = found["spec"]["template"]["spec"]["containers"][0]["image"]
    return Workload(name, ready, wanted, image)


def _container(name: str, found: Mapping[str, Any] | None) -> Workload:
    if found is None:
        return Workload(name, 0, 1, "does not exist", exists=False)
    health = containers.health(dict(found))
    restarts = found.get("RestartCount", 0)
    again = f"restarted {restarts} times, " if restarts else ""
    image = found["Image"].removeprefix("sha256:")[:12]
    return Workload(name, int(health == "healthy"), 1, f"{health}, {again}{image}")


def _wait_for_status(url: str, console: Console, seconds: float, hint: str) -> str:
    end = time.monotonic() + seconds
    with console.step(f"GET {url}/status/") as step:
        while True:
            try:
                body = status(url)
            except OSError as error:
                if time.monotonic() > end:
                    raise KaldraError(
                        f"{url}/status/ does not answer: {error}.", hint=hint
                    ) from None
                step.update(str(error))
                time.sleep(ASK_AGAIN_SECONDS)
                continue
            step.done(str(json.loads(body).get("status", "")))
            return body
