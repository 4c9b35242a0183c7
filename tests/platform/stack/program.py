"""The Pulumi program under mocks, in a process of its own: what it declares, as plain data.

As a script it runs the program and prints what was declared; `declare` runs that script.
"""

import functools
import json
import os
import runpy
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kaldra.paths import REPO

SECRET = "4dabf18193072939515e22adb298388d"
DIGEST = "sha256:" + "0" * 64
STAGING = {
    "target": "staging",
    "environment": "staging",
    "kubeContext": "far",
    "registry": {
        "address": "ghcr.io/4iam/kaldra",
        "push": {"username": "pusher", "password": "pW-of-the-pusher"},
        "pull": {"username": "puller", "password": "pW-of-the-puller"},
    },
    "ingress": {"host": "api.example.org", "tlsSecret": "api-tls"},
    "apiKeys": {"tester": "Qm9v-3k1_zLpR7wXf2Ns"},
}
"""All that a staging stack has to say."""


@dataclass(frozen=True)
class Declared:
    type: str
    name: str
    inputs: dict[str, Any]
    provider: str


def staging(**changes: Any) -> dict[str, Any]:
    """Settings of a staging stack; changes go into groups, and None takes a setting away."""
    settings = {**STAGING}
    for key, value in changes.items():
        group = settings.get(key)
        inside = isinstance(group, dict) and isinstance(value, dict)
        settings[key] = _given({**group, **value}) if inside else value
    return _given(settings)


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if value is not None}


def declare_staging(**changes: Any) -> list[Declared]:
    """Run the program as a staging stack."""
    return declare("staging", **staging(**changes))


def declare(stack: str = "dev", state: Path | None = None, **settings: Any) -> list[Declared]:
    """Run the program with these settings; `target` is dev unless given."""
    values = {
        f"kaldra:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in {"target": "dev", **settings}.items()
    }
    return _declare(stack, json.dumps(values, sort_keys=True), state)


@functools.cache
def _declare(stack: str, config: str, state: Path | None) -> list[Declared]:
    with tempfile.TemporaryDirectory() as own:
        done = subprocess.run(
            [sys.executable, __file__, stack],
            cwd=REPO / "platform",
            env={
                **os.environ,
                "PYTHONPATH": str(REPO / "platform"),
                "PULUMI_CONFIG": config,
                "KALDRA_BASE_IMAGE": "base:1",
                "KALDRA_BUILDER_IMAGE": "builder:1",
                "KALDRA_STATE": str(state or own),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return [Declared(**entry) for entry in json.loads(done.stdout)]


def one(declared: list[Declared], kind: str, name: str) -> dict[str, Any]:
    """Inputs of the one resource of this type and name."""
    found = [d for d in declared if d.type == kind and d.name == name]
    assert len(found) == 1, [(d.type, d.name) for d in declared]
    return found[0].inputs


def run(stack: str) -> list[Declared]:
    """Run the program in this process."""
    import pulumi  # noqa: PLC0415  only the script needs it
    from pulumi.runtime import mocks  # noqa: PLC0415

    declared: list[Declared] = []

    class Recorder(mocks.Mocks):
        def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
            inputs = args.inputs
            declared.append(Declared(args.typ, args.name, inputs, args.provider or ""))
            outputs = dict(inputs)
            if args.typ == "docker:index/image:Image":
                outputs["repoDigest"] = f"{inputs['imageName'].rpartition(':')[0]}@{DIGEST}"
            metadata = outputs.get("metadata")
            if isinstance(metadata, dict) and "name" not in metadata:
                outputs["metadata"] = {**metadata, "name": f"{args.name}-0badcafe"}
            return f"{args.name}-id", outputs

        def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
            raise AssertionError(f"the program calls {args.token}")

    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env())
    mocks.set_mocks(Recorder(), project="kaldra", stack=stack)

    def program() -> None:
        runpy.run_path(str(REPO / "platform/__main__.py"))

    pulumi.runtime.test(program)()
    return declared


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(d) for d in run(sys.argv[1])]))
