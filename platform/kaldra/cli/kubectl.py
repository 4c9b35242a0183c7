"""kubectl bound to one stack's context, never to the ambient one."""

import json
from collections.abc import Mapping
from typing import Any

from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import state
from kaldra.stack.services import PART_OF
from kaldra.toolchain import commands

SELECTOR = f"--selector=app.kubernetes.io/part-of={PART_OF}"
"""The platform's own objects."""


def command(workspace: Workspace, *arguments: str) -> list[str]:
    """The full command line. Raises if the stack has no cluster or kubectl is not installed."""
    settings = workspace.settings
    if settings.target == "local":
        raise ConfigurationError(
            f"Stack {workspace.stack} runs on Docker; it has no cluster.",
            hint=f"./kaldra status --stack {workspace.stack}",
        )
    kubectl = state() / "bin" / "kubectl"
    if not kubectl.exists():
        raise KaldraError("kubectl is not installed for this clone yet.", hint="./kaldra up")
    return [
        str(kubectl),
        *([f"--kubeconfig={settings.kubeconfig_path}"] if settings.kubeconfig_path else []),
        *([f"--context={settings.context}"] if settings.context else []),
        f"--namespace={settings.namespace}",
        *arguments,
    ]


def read(workspace: Workspace, *arguments: str) -> str:
    """Run kubectl and return its output; raises KaldraError with its error message."""
    done = commands.captured(command(workspace, *arguments))
    if done.returncode != 0:
        raise KaldraError(
            f"kubectl {arguments[0]} failed on context {workspace.settings.context}: "
            f"{done.stderr.strip() or done.stdout.strip()}",
            hint=f"./kaldra up --stack {workspace.stack}",
        )
    return done.stdout


def listed(workspace: Workspace, *arguments: str) -> list[Mapping[str, Any]]:
    """Objects of `kubectl get ARGUMENTS`; raises KaldraError with its error message."""
    answer = json.loads(read(workspace, "get", *arguments, "--output=json"))
    return list(answer["items"])
