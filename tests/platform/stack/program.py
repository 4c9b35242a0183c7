"""The Pulumi program under mocks: what it declares, as plain data."""

import asyncio
import json
import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks

REPO = Path(__file__).resolve().parents[3]
SECRET = "4dabf18193072939515e22adb298388d"
DIGEST = "sha256:" + "0" * 64


@dataclass(frozen=True)
class Declared:
    type: str
    name: str
    inputs: dict[str, Any]
    provider: str


class Recorder(mocks.Mocks):
    def __init__(self):
        self.declared: list[Declared] = []

    def new_resource(self, args):
        self.declared.append(
            Declared(args.typ, args.name, args.inputs, getattr(args, "provider", ""))
        )
        outputs = dict(args.inputs)
        if args.typ == "docker:index/image:Image":
            repository = args.inputs["imageName"].rpartition(":")[0]
            outputs["repoDigest"] = f"{repository}@{DIGEST}"
        metadata = outputs.get("metadata")
        if isinstance(metadata, dict) and "name" not in metadata:
            outputs["metadata"] = {**metadata, "name": f"{args.name}-0badcafe"}
        return f"{args.name}-id", outputs

    def call(self, args):
        raise AssertionError(f"the program calls {args.token}")


def declare(monkeypatch, stack: str = "dev", **settings: Any) -> list[Declared]:
    """Run the program with these settings; `target` is dev unless given."""
    config = {"target": "dev", **settings}
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({f"kaldra:{k}": v for k, v in texts.items()}))
    monkeypatch.setenv("KALDRA_BASE_IMAGE", "base:1")
    monkeypatch.setenv("KALDRA_BUILDER_IMAGE", "builder:1")
    monkeypatch.chdir(REPO / "platform")
    # Pulumi takes the thread's event loop, which an earlier test may have used up.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return _run(stack)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _run(stack: str) -> list[Declared]:
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, project="kaldra", stack=stack)

    @pulumi.runtime.test
    def program():
        runpy.run_path(str(REPO / "platform/__main__.py"))

    program()
    return recorder.declared


def one(declared: list[Declared], kind: str, name: str) -> dict[str, Any]:
    """Inputs of the one resource of this type and name."""
    found = [d for d in declared if d.type == kind and d.name == name]
    assert len(found) == 1, [(d.type, d.name) for d in declared]
    return found[0].inputs
