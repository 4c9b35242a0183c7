"""A stack made by the Kubernetes provider substitute of 0.1.0 is continued by the official one.

data/substitute_state.json is `pulumi stack export --show-secrets` of such a dev stack, without
stack traces and with a throwaway API key.
"""

import base64
import json
from pathlib import Path
from typing import Any

from tests.e2e.clone import STACK, Clone
from tests.e2e.machine import NAME

STATE = Path(__file__).parent / "data" / "substitute_state.json"
THROWAWAY_KEY = "throwaway-key-of-a-test-0123456789"
DIGESTS = {
    "kaldra-api": "sha256:6c5aa7decdde8ed5a876b6d8fe67750e90e6490cf0f692b1a6e593ccaa7ab8e3",
    "kaldra-core": "sha256:109bd9c5de429060ea55410367bc38818b1bff52fae7af5e5f4138ca6207c6d2",
}


def test_a_stack_of_the_substitute_is_continued(platform: Clone):
    state = json.loads(adapted(platform))
    now = json.loads(platform.shell("pulumi stack export"))
    state["deployment"]["secrets_providers"] = now["deployment"]["secrets_providers"]
    platform.kaldra("down")
    for resource in state["deployment"]["resources"]:
        if resource["type"].startswith("kubernetes:"):
            create(platform, resource["outputs"])
    file = platform.root.parent / "state.json"
    file.write_text(json.dumps(state))
    platform.shell(f"pulumi stack import --file '{file}'")
    before = identities(platform)

    planned = json.loads(platform.shell("pulumi preview --json 2>/dev/null"))
    for step in planned["steps"]:
        # The services' variables, which are immutable, are others than in 0.1.0.
        variables = step["urn"].split("::")[2].endswith("core/v1:ConfigMap")
        assert variables or step["op"] in {"same", "update"}, step

    platform.up()
    assert identities(platform) == before


def adapted(clone: Clone) -> str:
    """The state with the names, ports, images and key of the clone."""
    text = STATE.read_text()
    replacements = {
        "/clone/": f"{clone.root}/",
        "urn:pulumi:dev::": f"urn:pulumi:{STACK}::",
        "Stack::kaldra-dev": f"Stack::kaldra-{STACK}",
        "kind-kaldra-dev": f"kind-{NAME}",
        "localhost:5001": f"localhost:{clone.registry_port}",
        encoded(THROWAWAY_KEY): encoded(clone.key),
    }
    for name, image in clone.images().items():
        replacements[DIGESTS[name]] = image.rpartition("@")[2]
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    return text


def create(clone: Clone, outputs: dict[str, Any]) -> None:
    """Create an object as the substitute did: by server-side apply, with its field manager."""
    manifest = dict(outputs["__inputs"])
    if manifest["kind"] == "Secret":
        manifest["data"] = json.loads(manifest["data"]["plaintext"])
    manager = f"--field-manager={outputs['__fieldManager']}"
    clone.apply(json.dumps(manifest), "--server-side", manager)


def identities(clone: Clone) -> dict[str, str]:
    """UID of every object that must neither be replaced nor deleted."""
    kinds = ("deployments", "services", "serviceaccounts", "networkpolicies", "secrets")
    return {
        f"{kind}/{name}": item["metadata"]["uid"]
        for kind in kinds
        for name, item in clone.objects(kind).items()
    }


def encoded(key: str) -> str:
    return base64.b64encode(key.encode()).decode()
