"""The Pulumi program under mocks: what it declares on Kubernetes, as manifests.

Run as `python -m kaldra.render STACK`, the process that `manifests` starts.
"""

import base64
import hashlib
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
from kaldra.render import Manifests
from kaldra.stack import stack_file
from kaldra.stack.settings import NAMESPACE, Settings

PROJECT = "kaldra"
ZERO_DIGEST = "sha256:" + "0" * 64
"""Stands for the digest of an image that is not built here."""

LINES = 10
"""Of a traceback: where it happened, and what."""

REDACTED = "redacted"
"""What stands in every place of a secret."""

_SECRET_MARK = "4dabf18193072939515e22adb298388d"  # noqa: S105  how Pulumi marks a value as secret
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  the mark's value
_NO_ACCOUNTS = '{"auths":{}}'
"""The API server reads what a Secret of the type dockerconfigjson holds."""
_FIRST = {"apiVersion": 0, "kind": 1, "metadata": 2, "name": 3, "namespace": 4}
"""Fields that name a thing come before the others, which are in the order of their names."""

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


def run(stack: str) -> Manifests:
    """What the stack declares; once per process, for Pulumi's mocks are global."""
    values = stack_file.values(stack, REPO)
    settings = Settings.from_config(values, f"Pulumi.{stack}.yaml")
    if settings.target == "local":
        raise ConfigurationError(
            f"Stack {stack} runs on Docker alone; it has no Kubernetes objects.",
            hint="./kaldra render --stack dev --out DIR",
        )
    # As Pulumi hands settings to a program.
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
    pulumi.runtime.set_all_config({f"{NAMESPACE}:{key}": text for key, text in texts.items()})
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
        self.declared: Manifests = {}

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
            file, declared = manifest(request.type, request.name, inputs)
            if file in self.declared:
                text = f"Two objects would be rendered to {file}; name one differently."
                raise KaldraError(text)
            self.declared[file] = declared
            # What refers to the object finds the name that is rendered.
            there.update({"metadata": declared["metadata"]})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=request.name, object=there)


class _NobodyAnswers(mocks.Mocks):
    """Nothing is asked of a plugin, and nothing read from a cluster."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise KaldraError(f"The program reads {args.name} ({args.typ}), so it cannot be rendered.")

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise KaldraError(f"The program asks a plugin ({args.token}), so it cannot be rendered.")


def manifest(type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The file name and the object of a resource; a missing name is made from the content.

    `type_` is Pulumi's, such as "kubernetes:apps/v1:Deployment". The file of an object without a
    name has the resource's, which is stable. Raises KaldraError for a resource that is not a
    single object.
    """
    _, version, kind = type_.split(":")
    declared = {"apiVersion": version.removeprefix("core/"), "kind": kind, "metadata": {}, **inputs}
    found: dict[str, Any] = _plain(declared)
    if found["kind"] != kind or not isinstance(found["metadata"], dict):
        raise KaldraError(
            f"{name} ({type_}) is not a single Kubernetes object; it is not rendered."
        )
    if found["apiVersion"] == "v1" and kind == "Secret":
        _redact_entries(found)
    stem = found["metadata"].get("name", name)
    if "name" not in found["metadata"]:
        text = json.dumps(found, sort_keys=True, separators=(",", ":"))
        made = f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        found["metadata"] = {"name": made, **found["metadata"]}
    return f"{kind.lower()}-{stem}.yaml", found


def _plain(value: Any, *, secret: bool = False) -> Any:
    """The value in one order without Pulumi's marks; every leaf in a marked one is redacted."""
    if isinstance(value, Mapping):
        if value.get(_SECRET_MARK) == _SECRET_SIGNATURE:
            return _plain(value.get("value"), secret=True)
        entries = sorted(
            value.items(), key=lambda item: (_FIRST.get(item[0], len(_FIRST)), item[0])
        )
        return {k: _plain(entry, secret=secret) for k, entry in entries if entry is not None}
    if isinstance(value, list):
        return [_plain(entry, secret=secret) for entry in value]
    if secret:
        return REDACTED
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _redact_entries(secret: dict[str, Any]) -> None:
    """Redact a Secret whether it was marked or not; it stays one that the API server accepts."""
    for field, entries in secret.items():
        for entry in entries if field in ("data", "stringData") else ():
            text = _NO_ACCOUNTS if entry == ".dockerconfigjson" else REDACTED
            encoded = base64.b64encode(text.encode()).decode()
            entries[entry] = encoded if field == "data" else text


if __name__ == "__main__":
    main(sys.argv[1])
