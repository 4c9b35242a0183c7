"""A cluster that is somebody else's: whether it answers, and whether the gateway in it does."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kaldra.cli import check, kubectl
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack import services
from kaldra.stack.services import API_PORT

ANSWER_SECONDS = 10
ASK_AGAIN_SECONDS = 1.0


def require_cluster(workspace: Workspace) -> None:
    """Raise KaldraError, in the cluster's words, where it does not answer or does not know us."""
    question = ("get", "--raw=/readyz", f"--request-timeout={ANSWER_SECONDS}s")
    done = subprocess.run(  # noqa: S603
        kubectl.command(workspace, *question), capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    settings = workspace.settings
    where = f"context {settings.context}" if settings.context else "the current context"
    said = [line for line in done.stderr.splitlines() if line.strip()] or ["it says nothing"]
    raise KaldraError(
        f"The cluster of stack {workspace.stack} ({where} of {settings.kubeconfig_path}) cannot be "
        f"used: {said[-1].removeprefix('error: ').strip()}",
        hint=f"Check kaldra:kubeContext and kaldra:kubeconfig in Pulumi.{workspace.stack}.yaml; "
        "your credentials for the cluster may have ended.",
    )


def wait_for_pods(workspace: Workspace, console: Console) -> None:
    """Wait until every service has the pods it promises at least.

    A new Deployment starts with one pod; its autoscaler adds the others, up to fifteen seconds
    later. Raises KaldraError where they do not come in the time a rollout has.
    """
    seconds = workspace.settings.rollout_timeout_seconds
    end = time.monotonic() + seconds
    with console.step("pods as promised") as step:
        while short := _short_of_pods(workspace):
            if time.monotonic() > end:
                raise KaldraError(
                    f"After {seconds} s the autoscalers have not brought {', '.join(short)}.",
                    hint=f'eval "$(./kaldra env --stack {workspace.stack})" && '
                    "kubectl describe horizontalpodautoscalers,pods",
                )
            step.update(", ".join(short))
            time.sleep(ASK_AGAIN_SECONDS)


def _short_of_pods(workspace: Workspace) -> list[str]:
    """Services with fewer pods ready than they promise, as `kaldra-api 1 of 2`."""
    listed = json.loads(kubectl.read(workspace, "get", "deployments", "--output=json"))["items"]
    ready = {d["metadata"]["name"]: d.get("status", {}).get("readyReplicas", 0) for d in listed}
    promised = (services.api(workspace.settings), services.core(workspace.settings))
    return [
        f"{service.name} {ready.get(service.name, 0)} of {service.replicas}"
        for service in promised
        if ready.get(service.name, 0) < service.replicas
    ]


def ask_gateway(workspace: Workspace, console: Console) -> str:
    """GET /status/ of a pod, whatever lies between here and the ingress; returns the answer.

    Then asks under the public name, too: what is amiss there (DNS, certificate, ingress) is
    reported, and fails nothing. Raises KaldraError where no pod answers.
    """
    with _forwarded(workspace) as address:
        answer = check.wait_for_status(address, console)
    url = workspace.settings.url
    try:
        check.status(url)
    except OSError as error:
        console.warn(f"{url}/status/ does not answer here: {error}. The pods do.")
    return answer


@contextmanager
def _forwarded(workspace: Workspace) -> Iterator[str]:
    """The gateway's address on this machine while the block runs."""
    command = kubectl.command(
        workspace, "port-forward", "service/kaldra-api", f":{API_PORT}", "--address=127.0.0.1"
    )
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield f"http://127.0.0.1:{_announced(process)}"
        finally:
            process.terminate()


def _announced(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None  # noqa: S101  opened with a pipe
    said = []
    for line in process.stdout:
        found = re.match(r"Forwarding from 127\.0\.0\.1:(\d+)", line)
        if found:
            return found[1]
        said.append(line.strip())
    raise KaldraError(f"No pod of kaldra-api can be asked: {' '.join(said)}", hint="./kaldra logs")
