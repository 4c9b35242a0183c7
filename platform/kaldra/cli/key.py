"""`./kaldra key`: an API key of a stack's gateway, on standard output alone."""

import json
import shlex
import sys
from collections.abc import Mapping

from kaldra.cli.deploy import deployed_or_fail
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import REPO
from kaldra.stack import secrets
from kaldra.stack.settings import NAMESPACE

ROUTE = "/engine/vocabulary/archetypes"
"""A route that needs a key and nothing else."""


def run(_: Console, *, stack: str, name: str, curl: bool) -> None:
    """Print the key, or a curl command that calls this verb for it and so does not contain it."""
    workspace = Workspace.open(stack)
    chosen, key = choose(_keys(workspace), name, stack)
    if curl:
        launcher = shlex.quote(str(REPO / "kaldra"))
        call = f"{launcher} key {shlex.quote(chosen)} --stack {shlex.quote(stack)}"
        text = f'curl -H "X-API-Key: $({call})" {workspace.settings.url}{ROUTE}'
    else:
        text = key
    sys.stdout.write(f"{text}\n")


def choose(keys: Mapping[str, str], name: str, stack: str) -> tuple[str, str]:
    """Name and key of the caller, or of the only one. Raises ConfigurationError."""
    if not name and len(keys) == 1:
        return next(iter(keys.items()))
    if name in keys:
        return name, keys[name]
    problem = f"has no caller {name!r}" if name else f"has {len(keys)} callers"
    raise ConfigurationError(
        f"Stack {stack} {problem}: {', '.join(sorted(keys))}.",
        hint=f"./kaldra key NAME --stack {stack}",
    )


def _keys(workspace: Workspace) -> Mapping[str, str]:
    """Keys by caller: Pulumi decrypts those of a stack file."""
    if workspace.settings.api_keys is None:
        if not secrets.dev_secrets_file().exists():
            raise KaldraError(
                f"Stack {workspace.stack} has no key yet: its first deployment makes one.",
                hint=f"./kaldra up --stack {workspace.stack}",
            )
        return secrets.own_keys()
    deployed = deployed_or_fail(Console(quiet=True), workspace.stack)
    found = deployed.pulumi.read("config", "get", f"{NAMESPACE}:apiKeys", "--json")
    keys: dict[str, str] = json.loads(found["value"])
    return keys
