"""Serve a Provider to the engine: print the port, answer the resource provider protocol."""

# The protocol names the methods, what each does, and its two arguments.
# ruff: noqa: N802, D102, ARG002

import contextlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2

from kaldra.errors import KaldraError
from kaldra.plugins.diffs import Change, Diff, Kind, path_text
from kaldra.plugins.host import Host
from kaldra.plugins.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from kaldra.plugins.provider import (
    Autonaming,
    Checked,
    Found,
    InitError,
    Naming,
    Provider,
    Resource,
)
from kaldra.plugins.values import Props, decode, encode, secret_texts

_MESSAGE_LIMIT = 400 * 1024 * 1024  # the engine's own
_CALLS_AT_ONCE = 128
_PARENT_CHECK_SECONDS = 1.0

_KINDS = {
    (Kind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (Kind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (Kind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (Kind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (Kind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (Kind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The protocol over a Provider: messages in, plain Python through, messages out."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._host = provider.host

    def Handshake(self, request: Any, context: Any) -> Any:
        self._host.attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=False,
            accept_outputs=False,
            supports_autonaming_configuration=True,
        )

    def Attach(self, request: Any, context: Any) -> Any:
        self._host.attach(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    def GetSchema(self, request: Any, context: Any) -> Any:
        schema = {"name": self._provider.name, "version": self._provider.version}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def GetMapping(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingsResponse()

    def Parameterize(self, request: Any, context: Any) -> Any:
        self._refuse(context, "takes no parameters")

    def Invoke(self, request: Any, context: Any) -> Any:
        self._refuse(context, f"has no function {request.tok}")

    def Call(self, request: Any, context: Any) -> Any:
        self._refuse(context, f"has no method {request.tok}")

    def Construct(self, request: Any, context: Any) -> Any:
        self._refuse(context, f"has no component {request.type}")

    def List(self, request: Any, context: Any) -> Any:
        self._refuse(context, f"cannot list {request.token}")

    def Cancel(self, request: Any, context: Any) -> Any:
        self._provider.cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        with self._reporting(context):
            return _checked(self._provider.check_config(self._decode(request.news)))

    def DiffConfig(self, request: Any, context: Any) -> Any:
        with self._reporting(context):
            olds = self._decode(request.old_inputs)
            diff = self._provider.diff_config(olds, self._decode(request.news))
            return _diff(diff, request.ignoreChanges)

    def Configure(self, request: Any, context: Any) -> Any:
        with self._reporting(context):
            self._provider.configure(self._decode(request.args))
            return provider_pb2.ConfigureResponse(
                acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
            )

    def Check(self, request: Any, context: Any) -> Any:
        with self._reporting(context):
            autonaming = None
            if request.HasField("autonaming"):
                autonaming = Autonaming(
                    Naming(request.autonaming.mode), request.autonaming.proposed_name
                )
            checked = self._provider.check(
                _resource(request),
                self._decode(request.olds),
                self._decode(request.news),
                request.randomSeed,
                autonaming,
            )
            return _checked(checked)

    def Diff(self, request: Any, context: Any) -> Any:
        with self._reporting(context):
            diff = self._provider.diff(
                _resource(request),
                request.id,
                self._decode(request.old_inputs),
                self._decode(request.olds),
                self._decode(request.news),
            )
            return _diff(diff, request.ignoreChanges)

    def Create(self, request: Any, context: Any) -> Any:
        with self._reporting(context):
            id_, state = self._provider.create(
                _resource(request),
                self._decode(request.properties),
                timeout=request.timeout,
                preview=request.preview,
            )
            return provider_pb2.CreateResponse(id=id_, properties=encode(state))

    def Read(self, request: Any, context: Any) -> Any:
        with self._reporting(context):
            found = self._provider.read(
                _resource(request),
                request.id,
                self._decode(request.inputs),
                self._decode(request.properties),
            )
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=found.id, properties=encode(found.state), inputs=encode(found.inputs)
            )

    def Update(self, request: Any, context: Any) -> Any:
        with self._reporting(context):
            state = self._provider.update(
                _resource(request),
                request.id,
                self._decode(request.old_inputs),
                self._decode(request.olds),
                self._decode(request.news),
                timeout=request.timeout,
                preview=request.preview,
            )
            return provider_pb2.UpdateResponse(properties=encode(state))

    def Delete(self, request: Any, context: Any) -> Any:
        with self._reporting(context):
            self._provider.delete(
                _resource(request),
                request.id,
                self._decode(request.old_inputs),
                self._decode(request.properties),
                timeout=request.timeout,
            )
            return empty_pb2.Empty()

    def _decode(self, struct: Any) -> Props:
        properties = decode(struct)
        # A state's copy of the inputs may be secret as a whole, image names and all; what is really
        # secret in it is so in the inputs themselves too.
        apart = {key: value for key, value in properties.items() if key != "__inputs"}
        self._host.keep_secret(secret_texts(apart))
        return properties

    def _refuse(self, context: Any, what: str) -> NoReturn:
        message = f"The substitute {self._provider.name} plugin {what}."
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
        raise AssertionError

    @contextlib.contextmanager
    def _reporting(self, context: Any) -> Iterator[None]:
        """Turn what is raised into the answer the engine understands."""
        try:
            yield
        except InitError as error:
            message = self._host.mask(str(error))
            reasons = [self._host.mask(reason) for reason in error.reasons]
            context.set_trailing_metadata((_init_failed(error.found, message, reasons),))
            context.abort(grpc.StatusCode.UNKNOWN, message)
        except KaldraError as error:
            # FAILED_PRECONDITION tells the engine that its state is still true.
            text = f"{error}\n{error.hint}" if error.hint else str(error)
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, self._host.mask(text))
        except Exception as error:  # noqa: BLE001  the protocol's boundary: anything else ends as its text
            trace = "".join(traceback.format_exception(error))
            self._host.debug("", trace)
            text = f"The substitute {self._provider.name} plugin failed unexpectedly: {error!r}"
            context.abort(grpc.StatusCode.UNKNOWN, self._host.mask(text))


def _resource(request: Any) -> Resource:
    # Older engines leave type and name to the URN: urn:pulumi:STACK::PROJECT::[PARENT$]TYPE::NAME
    parts = request.urn.split("::", 3)
    return Resource(
        urn=request.urn,
        type=request.type or parts[2].rpartition("$")[2],
        name=request.name or parts[3],
        ignored=tuple(getattr(request, "ignoreChanges", ())),
    )


def _checked(checked: Checked) -> Any:
    return provider_pb2.CheckResponse(
        inputs=encode(checked.inputs),
        failures=[
            provider_pb2.CheckFailure(property=failure.property, reason=failure.reason)
            for failure in checked.failures
        ],
    )


def _diff(diff: Diff, ignored: Sequence[str]) -> Any:
    changes = {path_text(path): (path, change) for path, change in diff.changes.items()}
    changes = {text: both for text, both in changes.items() if not _is_ignored(text, ignored)}
    some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some if changes else none,
        diffs=sorted({str(path[0]) for path, _ in changes.values() if path}),
        replaces=[text for text, (_, change) in changes.items() if change.replace],
        detailedDiff={text: _property_diff(change) for text, (_, change) in changes.items()},
        hasDetailedDiff=True,
        deleteBeforeReplace=diff.delete_before_replace,
    )


def _is_ignored(text: str, ignored: Sequence[str]) -> bool:
    return any(text == path or text.startswith((f"{path}.", f"{path}[")) for path in ignored)


def _property_diff(change: Change) -> Any:
    return provider_pb2.PropertyDiff(
        kind=_KINDS[change.kind, change.replace], inputDiff=change.input_only
    )


def _init_failed(found: Found, message: str, reasons: list[str]) -> tuple[str, bytes]:
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=found.id,
            properties=encode(found.state),
            inputs=encode(found.inputs),
            reasons=reasons,
        )
    )
    code = grpc.StatusCode.UNKNOWN.value[0]
    status = status_pb2.Status(code=code, message=message, details=[detail])
    return "grpc-status-details-bin", status.SerializeToString()


def start(provider: Provider, address: str = "127.0.0.1:0") -> tuple[grpc.Server, int]:
    """Serve `provider` from this process's threads; returns the server and its port."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=_CALLS_AT_ONCE),
        options=[
            ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
            ("grpc.max_send_message_length", _MESSAGE_LIMIT),
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider), server)
    port = server.add_insecure_port(address)
    server.start()
    return server, port


def main(make: Callable[[Host], Provider], arguments: Sequence[str] = ()) -> NoReturn:
    """Run as a plugin until the engine is done with it.

    The last argument is the engine's address; options before it are the engine's logging flags.
    """
    given = list(arguments or sys.argv[1:])
    addresses = [argument for argument in given if not argument.startswith("-")]
    # The engine takes its leave with SIGINT; the plugin owes it nothing more.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    threading.Thread(target=_die_with, args=(os.getppid(),), daemon=True).start()
    server, port = start(make(Host(addresses[-1] if addresses else "")))
    print(port, flush=True)  # noqa: T201  the engine reads it
    server.wait_for_termination()
    sys.exit(0)


def _die_with(parent: int) -> None:
    """Leave when the engine is gone: one that is killed says no goodbye."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os._exit(0)
