"""The process around the provider: Pulumi's own server, and what that server lacks.

`pulumi.provider.experimental` does not pass old inputs to a diff, reports errors with their Python
class, has no partial failures and no messages to the user. `Servicer` adds these four.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2
from pulumi.provider.experimental import server
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2, status_pb2

from kaldra.docker_provider.messages import Messages
from kaldra.docker_provider.provider import VERSION, DockerProvider
from kaldra.docker_provider.resource import PartialFailureError
from kaldra.docker_provider.values import secret_texts
from kaldra.errors import KaldraError
from kaldra.toolchain import commands, docker_client

_PARENT_CHECK_SECONDS = 1.0

Method = Callable[[Any, Any, Any], Coroutine[Any, Any, Any]]


def _reporting(method: Method) -> Method:
    """Turn what `method` raises into the error that the engine shows."""

    async def call(self: "Servicer", request: Any, context: Any) -> Any:
        self.note_secrets(request)
        try:
            return await method(self, request, context)
        except PartialFailureError as failure:
            reasons = [self.messages.mask(reason) for reason in failure.reasons]
            context.set_trailing_metadata((_init_failed(failure, reasons),))
            await context.abort(grpc.StatusCode.UNKNOWN, "\n".join(reasons))
        except KaldraError as error:
            text = f"{error}\n{error.hint}" if error.hint else str(error)
            # FAILED_PRECONDITION tells the engine that its state is still true.
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, self.messages.mask(text))
        except Exception as error:  # noqa: BLE001  the protocol's boundary
            text = _unexpected(error)
            await context.abort(grpc.StatusCode.UNKNOWN, self.messages.mask(text))

    return call


class Servicer(server.ProviderServicer):
    """Pulumi's servicer with old inputs in diffs, readable errors, partial failures, messages."""

    def __init__(
        self, args: list[str], version: str, provider: DockerProvider, engine_address: str
    ) -> None:
        super().__init__(args, version, provider, engine_address)
        self.messages = Messages(engine_address)
        provider.tools.messages = self.messages

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: D102, N802
        # An Image's state has its inputs in the same place, as with the official plugin.
        if "__inputs" not in request.olds.fields:
            request.olds.fields["__inputs"].struct_value.CopyFrom(request.old_inputs)
        return await super().Diff(request, context)

    async def Handshake(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def note_secrets(self, request: Any) -> None:
        """Remember every secret of a request, to mask it in messages."""
        for field in ("news", "olds", "inputs", "properties", "args"):
            if field in request.DESCRIPTOR.fields_by_name:
                values = PropertyValue.unmarshal_map(getattr(request, field))
                # A state's copy of the inputs may be secret as a whole, image names and all.
                values.pop("__inputs", None)
                self.messages.keep_secret(secret_texts(PropertyValue(values)))


for _name in ("CheckConfig", "Configure", "Check", "Diff", "Create", "Read", "Update", "Delete"):
    setattr(Servicer, _name, _reporting(getattr(Servicer, _name)))


def _unexpected(error: Exception) -> str:
    try:
        explained = docker_client.explained(error)
    except Exception:  # noqa: BLE001  no error of the SDK
        return f"The substitute docker plugin failed unexpectedly: {error!r}"
    return f"{explained}\n{explained.hint}" if explained.hint else str(explained)


def _init_failed(failure: PartialFailureError, reasons: list[str]) -> tuple[str, bytes]:
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=failure.id,
            properties=PropertyValue.marshal_map(dict(failure.state or {})),
            inputs=PropertyValue.marshal_map(dict(failure.inputs or {})),
            reasons=reasons,
        )
    )
    code = grpc.StatusCode.UNKNOWN.value[0]
    status = status_pb2.Status(code=code, message=reasons[0], details=[detail])
    return "grpc-status-details-bin", status.SerializeToString()


def _leave(*_: object) -> NoReturn:
    """End the process, and a build with it."""
    commands.stop_all()
    os._exit(0)


def _leave_with(parent: int) -> None:
    """Leave when the engine is gone: one that was killed sends no signal."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    _leave()


def main() -> None:
    """Run as a plugin until the engine ends it by SIGINT."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    # server.main has no parameter for the class that it serves.
    server.ProviderServicer = Servicer  # type: ignore[misc,assignment]
    server.main(sys.argv[1:], VERSION, DockerProvider())
