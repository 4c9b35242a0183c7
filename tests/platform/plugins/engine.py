"""The engine's side of the protocol, for tests: plain Python in, plain Python out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2

from kaldra.plugins.protocol import provider_pb2, provider_pb2_grpc, status_pb2
from kaldra.plugins.provider import Provider
from kaldra.plugins.serve import start
from kaldra.plugins.values import Props, decode, encode


class CallFailedError(Exception):
    """The provider answered with an error; `initialized` holds what it kept, if anything."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.details())
        self.code = error.code()
        self.failed: Any = None
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status = status_pb2.Status.FromString(value)
                packed: any_pb2.Any = status.details[0]
                self.failed = provider_pb2.ErrorResourceInitFailed()
                packed.Unpack(self.failed)

    @property
    def kept(self) -> Props:
        return decode(self.failed.properties)


@dataclass
class Engine:
    """Calls a provider as the engine does."""

    stub: Any

    def __getattr__(self, method: str) -> Any:
        def call(request: Any) -> Any:
            try:
                return getattr(self.stub, method)(request, timeout=60)
            except grpc.RpcError as error:
                raise CallFailedError(error) from None

        return call

    def configure(self, **settings: Any) -> None:
        self.Configure(provider_pb2.ConfigureRequest(args=encode(settings)))

    def check(self, urn: str, news: Props, olds: Props | None = None, **more: Any) -> Props:
        request = provider_pb2.CheckRequest(
            urn=urn, news=encode(news), olds=encode(olds or {}), randomSeed=b"seed", **more
        )
        answer = self.Check(request)
        if answer.failures:
            raise AssertionError([(f.property, f.reason) for f in answer.failures])
        return decode(answer.inputs)

    def create(self, urn: str, inputs: Props, *, preview: bool = False, timeout: float = 0) -> Any:
        answer = self.Create(
            provider_pb2.CreateRequest(
                urn=urn, properties=encode(inputs), preview=preview, timeout=timeout
            )
        )
        return answer.id, decode(answer.properties)

    def diff(self, urn: str, id_: str, olds: tuple[Props, Props], news: Props) -> Any:
        """`olds` are the old inputs and the old state; returns the message."""
        return self.Diff(
            provider_pb2.DiffRequest(
                urn=urn, id=id_, old_inputs=encode(olds[0]), olds=encode(olds[1]), news=encode(news)
            )
        )

    def update(
        self,
        urn: str,
        id_: str,
        olds: tuple[Props, Props],
        news: Props,
        *,
        preview: bool = False,
        timeout: float = 0,
        ignored: Sequence[str] = (),
    ) -> Props:
        answer = self.Update(
            provider_pb2.UpdateRequest(
                ignoreChanges=ignored,
                urn=urn,
                id=id_,
                old_inputs=encode(olds[0]),
                olds=encode(olds[1]),
                news=encode(news),
                preview=preview,
                timeout=timeout,
            )
        )
        return decode(answer.properties)

    def read(self, urn: str, id_: str, olds: tuple[Props, Props]) -> Any:
        """(inputs, state), or None when it is gone."""
        answer = self.Read(
            provider_pb2.ReadRequest(
                urn=urn, id=id_, inputs=encode(olds[0]), properties=encode(olds[1])
            )
        )
        return (decode(answer.inputs), decode(answer.properties)) if answer.id else None

    def delete(self, urn: str, id_: str, olds: tuple[Props, Props], timeout: float = 0) -> None:
        self.Delete(
            provider_pb2.DeleteRequest(
                urn=urn,
                id=id_,
                old_inputs=encode(olds[0]),
                properties=encode(olds[1]),
                timeout=timeout,
            )
        )

    def cancel(self) -> None:
        self.Cancel(empty_pb2.Empty())


@contextmanager
def serving(provider: Provider) -> Iterator[Engine]:
    """An engine connected to `provider` over real gRPC."""
    server, port = start(provider)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Engine(provider_pb2_grpc.ResourceProviderStub(channel))
    finally:
        server.stop(grace=None).wait()


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:test::kaldra::kaldra:index:Workload${type_}::{name}"
