"""What a stack declares on Kubernetes, as plain manifests: no cluster, plugin or network."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import REPO
from kaldra.toolchain import commands

Manifests = dict[str, dict[str, Any]]
"""File name → object. File names are stable; automatic object names change with their content."""


def manifests(stack: str, repo: Path = REPO) -> Manifests:
    """Run the repository's program under Pulumi's mocks; secrets are redacted, names complete.

    `repo` may be another checkout: its own program and renderer run, in a process of their own.
    Raises ConfigurationError for a stack that does not exist, whose settings are wrong, or that
    has nothing on Kubernetes; KaldraError where the program itself fails.
    """
    # Nothing of the caller's Pulumi or stack: the result depends on the repository alone.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "KALDRA_"))}
    # The program may write into its state (secrets it makes); what it writes here is thrown away.
    with tempfile.TemporaryDirectory(prefix="kaldra-render-") as state:
        done = commands.captured(
            [sys.executable, "-m", "kaldra.render", stack],
            cwd=repo / "platform",
            env={**inherited, "KALDRA_STATE": state, "PYTHONPATH": str(repo / "platform")},
        )
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        answer = {"failure": done.stderr.strip()[-2000:]}
    if "failure" in answer:
        raise KaldraError(f"The program of stack {stack} failed to render:\n{answer['failure']}")
    if "fault" in answer:
        raise ConfigurationError(answer["fault"], hint=answer["hint"])
    rendered: Manifests = answer["manifests"]
    return rendered


def kubernetes_stacks(repo: Path = REPO) -> list[str]:
    """Stacks with a stack file in the repository that run on Kubernetes, by name."""
    from kaldra.stack import stack_file  # noqa: PLC0415  brings YAML along

    names = sorted(p.name.split(".")[1] for p in repo.glob("Pulumi.*.yaml"))
    return [name for name in names if stack_file.values(name, repo).get("target") != "local"]
