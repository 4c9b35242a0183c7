"""The plugin as a process, and Pulumi's side of the protocol: plain Python in, plain Python out."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from kaldra.docker_provider.values import Props
from kaldra.paths import REPO


class CallFailedError(Exception):
    """The plugin answered with an error; `failed` is what it tells of a partial failure."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.details())
        self.failed = provider_pb2.ErrorResourceInitFailed()
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status_pb2.Status.FromString(value).details[0].Unpack(self.failed)

    def follow(self) -> None:
        """Run the command that the error ends with, as its reader does."""
        command = str(self).rpartition(": ")[2]
        subprocess.run(shlex.split(command), check=True, capture_output=True)


class _Log(engine_pb2_grpc.EngineServicer):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802  the protocol's name
        self.messages.append(request.message)
        return empty_pb2.Empty()


def packed(values: Props) -> Any:
    """A message's properties; secrets are given as `wrap_rpc_secret(…)`."""
    message = Struct()
    message.update(values)
    return message


@dataclass
class Plugin:
    """Calls the plugin as Pulumi's engine does."""

    stub: Any
    messages: list[str]

    def call(self, method: str, **fields: Any) -> Any:
        fields = {k: packed(v) if isinstance(v, dict) else v for k, v in fields.items()}
        request = getattr(provider_pb2, f"{method}Request")(**fields)
        try:
            return getattr(self.stub, method)(request, timeout=120)
        except grpc.RpcError as error:
            raise CallFailedError(error) from None

    def failures(self, urn: str, news: Props) -> dict[str, str]:
        answer = self.call("Check", urn=urn, news=news, randomSeed=b"seed")
        return {failure.property: failure.reason for failure in answer.failures}

    def check(self, urn: str, news: Props) -> Props:
        answer = self.call("Check", urn=urn, news=news, randomSeed=b"seed")
        assert not answer.failures, answer.failures
        return MessageToDict(answer.inputs)

    def create(self, urn: str, inputs: Props) -> "Resource":
        answer = self.call("Create", urn=urn, properties=inputs)
        return Resource(self, urn, answer.id, inputs, MessageToDict(answer.properties))

    @contextmanager
    def made(self, urn: str, news: Props) -> Iterator["Resource"]:
        """A resource that is checked, created, and deleted afterwards."""
        made = self.create(urn, self.check(urn, news))
        yield made
        made.delete()


@dataclass
class Resource:
    """What the engine keeps of a resource."""

    plugin: Plugin
    urn: str
    id: str
    inputs: Props
    state: Props

    def diff(self, news: Props | None = None) -> Any:
        """Against other inputs, or the same."""
        return self._call("Diff", old_inputs=self.inputs, olds=self.state, news=news or self.inputs)

    def update(self, news: Props) -> None:
        answer = self._call("Update", old_inputs=self.inputs, olds=self.state, news=news)
        self.inputs, self.state = news, MessageToDict(answer.properties)

    def read(self) -> Props | None:
        """The inputs that are found, if it is there."""
        answer = self._call("Read", inputs=self.inputs, properties=self.state)
        return MessageToDict(answer.inputs) if answer.id else None

    def delete(self) -> None:
        self._call("Delete", properties=self.state)

    def _call(self, method: str, **fields: Any) -> Any:
        return self.plugin.call(method, urn=self.urn, id=self.id, **fields)


@contextmanager
def running() -> Iterator[Plugin]:
    """The plugin's process, configured, with an engine that records its messages."""
    log, server = _Log(), grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "kaldra.docker_provider", "-logtostderr", address],
        env={**os.environ, "PYTHONPATH": str(REPO / "platform")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            plugin = Plugin(stub, log.messages)
            plugin.call("Configure", args={})
            yield plugin
        process.terminate()
    server.stop(grace=None).wait()


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:test::kaldra::docker:index/{type_.lower()}:{type_}::{name}"
