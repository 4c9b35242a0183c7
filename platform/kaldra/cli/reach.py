"""A cluster that is somebody else's: whether it answers, and whether the gateway in it does."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from kaldra.cli import check, kubectl
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.services import API_PORT

ANSWER_SECONDS = 10


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
