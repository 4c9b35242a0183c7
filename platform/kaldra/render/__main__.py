"""The Pulumi program under mocks: what it declares on Kubernetes, as manifests.

Run as `python -m kaldra.render STACK`, the process that `manifests` starts.
"""

import json
import os
import runpy
import sys
import traceback
from collections.abc import Mapping
from typing import Any

import pulumi
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import REPO
from kaldra.render import objects
from kaldra.render.objects import Manifest
from kaldra.stack import stack_file
from kaldra.stack.settings import NAMESPACE, Settings

PROJECT = "kaldra"
ZERO_DIGEST = "sha256:" + "0" * 64
"""Stands for the digest of an image that is not built here."""

LINES = 10
"""Of a traceback: where it happened, and what."""

_IMAGE = "docker:index/image:Image"
_KUBERNETES = "kubernetes:"


def main(stack: str) -> None:
    """Print {"manifests": …}, or what the program failed with.

    That is {"fault": …, "hint": …} for a mistake in the stack's settings, {"failure": …} otherwise.
    It is not left to standard error, where an interpreter that ends may have the last word.
    """
    answer: dict[str, object]
    try:
        answer = {"manifests": run(stack)}
    except ConfigurationError as error:
        answer = {"fault": str(error), "hint": error.hint}
    except KaldraError as error:
        answer = {"failure": str(error)}
    except Exception:  # noqa: BLE001  a program may raise anything
        answer = {"failure": "\n".join(traceback.format_exc().splitlines()[-LINES:])}
    sys.stdout.write(json.dumps(answer))


def run(stack: str) -> dict[str, Manifest]:
    """File name → manifest. Raises KaldraError; once per process, for Pulumi's mocks are global."""
    values = stack_file.values(stack, REPO)
    settings = Settings.from_config(values, f"Pulumi.{stack}.yaml")
    if settings.target == "local":
        raise ConfigurationError(
            f"Stack {stack} runs on Docker alone; it has no Kubernetes objects.",
            hint="./kaldra render --stack dev --out DIR",
        )
    pulumi.runtime.set_all_config({f"{NAMESPACE}:{k}": _text(v) for k, v in values.items()})
    # Nothing is built, so nothing depends on what is built upon.
    os.environ.update(KALDRA_BASE_IMAGE="base", KALDRA_BUILDER_IMAGE="builder")
    recorder = Recorder()
    mocks.set_mocks(recorder.mocks, project=PROJECT, stack=stack, monitor=recorder)

    def program() -> None:
        runpy.run_path(str(REPO / "platform" / "__main__.py"))

    try:
        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    except pulumi.RunError as error:
        raise ConfigurationError(str(error)) from None
    return dict(sorted(recorder.declared.items()))


class Recorder(mocks.MockMonitor):
    """Answers as Kubernetes and Docker would, and keeps what was declared on Kubernetes.

    It reads what the program sends, not what Pulumi makes of it for a mock: there, one secret
    anywhere in an object marks all of it.
    """

    def __init__(self) -> None:
        super().__init__(_NobodyAnswers())
        self.declared: dict[str, Manifest] = {}
        """File name → manifest."""

    def RegisterResource(  # noqa: N802  the protocol's name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """What the resource looks like once it is there."""
        urn = self.make_urn(request.parent, request.type, request.name)
        there = struct_pb2.Struct()
        there.CopyFrom(request.object)
        if request.type == _IMAGE:
            there["repoDigest"] = f"{request.object['imageName']}@{ZERO_DIGEST}"
        elif request.type.startswith(_KUBERNETES):
            inputs = json_format.MessageToDict(request.object)
            file, manifest = objects.manifest(request.type, request.name, inputs)
            if file in self.declared:
                text = f"Two objects would be rendered to {file}; name one differently."
                raise KaldraError(text)
            self.declared[file] = manifest
            # What refers to the object finds the name that is rendered.
            there.update({"metadata": manifest["metadata"]})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=request.name, object=there)


class _NobodyAnswers(mocks.Mocks):
    """Nothing is asked of a plugin, and nothing read from a cluster."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise KaldraError(f"The program reads {args.name} ({args.typ}), so it cannot be rendered.")

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise KaldraError(f"The program asks a plugin ({args.token}), so it cannot be rendered.")


def _text(value: Mapping[str, Any] | list[Any] | str | float | None) -> str:
    """A setting as Pulumi hands it to a program."""
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    main(sys.argv[1])
