"""`./kaldra status`: what runs, from which image, and whether it serves."""

import json
import sys
from typing import Any

from kaldra.cli import check, kubectl
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.services import PART_OF


def run(console: Console, *, stack: str) -> None:
    """Print one line per deployment and one for the gateway; exit 1 when anything is not well."""
    workspace = Workspace.open(stack)
    selector = f"--selector=app.kubernetes.io/part-of={PART_OF}"
    found = json.loads(kubectl.read(workspace, "get", "deployments", selector, "--output=json"))
    items: list[dict[str, Any]] = found["items"]
    if not items:
        raise KaldraError(f"Stack {stack} is not deployed.", hint=f"./kaldra up --stack {stack}")
    well = sum(_deployment(item) for item in items) == len(items)
    if workspace.settings.target == "dev":
        well = _gateway(workspace.settings.url) and well
    if not well:
        console.error("Not everything is well.", f"./kaldra logs --stack {stack}")
        sys.exit(1)


def _deployment(item: dict[str, Any]) -> bool:
    wanted = item["spec"].get("replicas", 1)
    ready = item.get("status", {}).get("readyReplicas", 0)
    updated = item.get("status", {}).get("updatedReplicas", 0)
    image = item["spec"]["template"]["spec"]["containers"][0]["image"]
    well = bool(ready == wanted == updated)
    mark = "✓" if well else "✗"
    name = item["metadata"]["name"]
    sys.stdout.write(f"{mark} {name}  {ready}/{wanted} ready  {image}\n")
    return well


def _gateway(url: str) -> bool:
    try:
        answer = check.status(url)
    except OSError as error:
        sys.stdout.write(f"✗ {url}/status/  {error}\n")
        return False
    sys.stdout.write(f"✓ {url}/status/  {answer}\n")
    return True
