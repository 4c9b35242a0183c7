"""The plugin as a process, and Pulumi's side of the protocol: plain Python in, plain Python out."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from kaldra.docker_provider.values import Props, properties, wrap_properties

PLATFORM = Path(__file__).parents[3] / "platform"


class CallFailedError(Exception):
    """The plugin answered with an error; `kept` is the state of a partial failure, if it is one."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.details())
        self.kept: Props | None = None
        self.id = ""
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                failed = provider_pb2.ErrorResourceInitFailed()
                status_pb2.Status.FromString(value).details[0].Unpack(failed)
                self.kept = properties(PropertyValue.unmarshal_map(failed.properties))
                self.id = failed.id

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
    """A message's properties; secrets are given as `PropertyValue(…, is_secret=True)`."""
    secrets = {key: value for key, value in values.items() if isinstance(value, PropertyValue)}
    others = {key: value for key, value in values.items() if key not in secrets}
    return PropertyValue.marshal_map({**wrap_properties(others, {}), **secrets})


@dataclass
class Plugin:
    """Calls the plugin as Pulumi's engine does."""

    stub: Any
    messages: list[str]
    last_state: dict[str, PropertyValue] = field(default_factory=dict)
    """Properties of the last created or updated resource, with their secrets."""

    def call(self, method: str, **fields: Any) -> Any:
        fields = {k: packed(v) if isinstance(v, dict) else v for k, v in fields.items()}
        names = {"Read": "ReadRequest", "Configure": "ConfigureRequest"}
        kind = getattr(provider_pb2, names.get(method, f"{method}Request"))
        try:
            return getattr(self.stub, method)(kind(**fields), timeout=120)
        except grpc.RpcError as error:
            raise CallFailedError(error) from None

    def failures(self, urn: str, news: Props) -> dict[str, str]:
        answer = self.call("Check", urn=urn, news=news, randomSeed=b"seed")
        return {failure.property: failure.reason for failure in answer.failures}

    def check(self, urn: str, news: Props) -> Props:
        answer = self.call("Check", urn=urn, news=news, randomSeed=b"seed")
        assert not answer.failures, answer.failures
        return properties(PropertyValue.unmarshal_map(answer.inputs))

    def create(self, urn: str, inputs: Props, *, preview: bool = False) -> tuple[str, Props]:
        answer = self.call("Create", urn=urn, properties=inputs, preview=preview)
        return answer.id, self._kept(answer)

    def diff(self, urn: str, id_: str, inputs: Props, state: Props, news: Props) -> Any:
        return self.call("Diff", urn=urn, id=id_, old_inputs=inputs, olds=state, news=news)

    def update(self, urn: str, id_: str, inputs: Props, state: Props, news: Props) -> Props:
        return self._kept(
            self.call("Update", urn=urn, id=id_, old_inputs=inputs, olds=state, news=news)
        )

    def read(self, urn: str, id_: str, inputs: Props, state: Props) -> Any:
        answer = self.call("Read", urn=urn, id=id_, inputs=inputs, properties=state)
        if not answer.id:
            return None
        return tuple(
            properties(PropertyValue.unmarshal_map(part))
            for part in (answer.inputs, answer.properties)
        )

    def delete(self, urn: str, id_: str, state: Props) -> None:
        self.call("Delete", urn=urn, id=id_, properties=state)

    def _kept(self, answer: Any) -> Props:
        self.last_state = PropertyValue.unmarshal_map(answer.properties)
        return properties(self.last_state)


@contextmanager
def running() -> Iterator[Plugin]:
    """The plugin's process, configured, with an engine that records its messages."""
    log, server = _Log(), grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)  # type: ignore[no-untyped-call]
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "kaldra.docker_provider", "-logtostderr", address],
        env={**os.environ, "PYTHONPATH": str(PLATFORM)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)  # type: ignore[no-untyped-call]
            plugin = Plugin(stub, log.messages)
            plugin.call("Configure", args={})
            yield plugin
        process.terminate()
    server.stop(grace=None).wait()


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:test::kaldra::docker:index/{type_.lower()}:{type_}::{name}"
