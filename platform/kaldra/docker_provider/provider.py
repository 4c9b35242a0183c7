"""The provider: Image, Network and Container of pulumi-docker 5.2.0; any other type is refused."""

import contextlib
import threading
from asyncio import to_thread
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from pulumi.provider.experimental import provider as api
from pulumi.provider.experimental.property_value import PropertyValue

from kaldra.docker_provider.resource import UNSUPPORTED, PartialFailureError, Tools
from kaldra.docker_provider.values import Values, properties, secret_texts, wrap_properties
from kaldra.errors import KaldraError
from kaldra.toolchain import commands

if TYPE_CHECKING:
    from kaldra.docker_provider.container import Container
    from kaldra.docker_provider.image import Image
    from kaldra.docker_provider.network import Network

VERSION = "5.2.0"
_REFUSED = ("registryAuth", "sshOpts", "caMaterial", "certMaterial", "keyMaterial")
_TYPES = {
    "docker:index/image:Image": "image",
    "docker:index/network:Network": "network",
    "docker:index/container:Container": "container",
}
"""Module of each type, imported on first use: the docker SDK would delay the plugin's start."""
_IMPORTING = threading.Lock()
"""Threads that import parts of the docker SDK at the same time may find it half imported."""


class DockerProvider(api.Provider):
    """Converts requests to plain values and hands them to a resource, each in a thread."""

    def __init__(self) -> None:
        self.tools = Tools()

    async def check_config(self, request: api.CheckRequest) -> api.CheckResponse:
        """Refuse the settings that this provider would have to ignore."""
        # The engine starts its other plugins meanwhile.
        threading.Thread(target=_imported, args=("docker",)).start()
        given = properties(request.new_inputs)
        failures = [api.CheckFailure(key, UNSUPPORTED) for key in _REFUSED if given.get(key)]
        return api.CheckResponse(request.new_inputs, failures)

    async def configure(self, request: api.ConfigureRequest) -> api.ConfigureResponse:
        """Take `host`, `context` and `certPath`; the engine is not called yet."""
        self.tools.settings = properties(request.args)
        return api.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: api.CheckRequest) -> api.CheckResponse:
        """See `Container.check`."""
        resource = self._resource(request.urn, request.new_inputs)
        inputs, failures = await to_thread(resource.check, properties(request.new_inputs))
        return api.CheckResponse(wrap_properties(inputs, request.new_inputs), failures)

    async def diff(self, request: api.DiffRequest) -> api.DiffResponse:
        """See `Container.diff`."""
        state = properties(request.old_state)
        olds = state.pop("__inputs", {})
        news = properties(request.new_inputs)
        diff = self._resource(request.urn).diff
        return await to_thread(diff, request.resource_id, olds, state, news)

    async def create(self, request: api.CreateRequest) -> api.CreateResponse:
        """See `Container.create`."""
        resource = self._resource(request.urn, request.properties)
        inputs = properties(request.properties)
        with _completing(request.properties):
            id_, state = await to_thread(resource.create, inputs, preview=request.preview)
        return api.CreateResponse(id_, wrap_properties(state, _like(request.properties)))

    async def read(self, request: api.ReadRequest) -> api.ReadResponse:
        """See `Container.read`. An import has no inputs, which nothing here can reconstruct."""
        if not request.inputs and not request.properties:
            raise KaldraError(f"The substitute docker plugin cannot import {request.type}.")
        inputs = properties(request.inputs)
        state = properties(request.properties, notes=True)
        found = await to_thread(
            self._resource(request.urn).read, request.resource_id, inputs, state
        )
        if found is None:
            return api.ReadResponse()
        now, drifted = found
        return api.ReadResponse(
            request.resource_id,
            wrap_properties(now, {**request.properties, **request.inputs}),
            {**request.inputs, **wrap_properties(drifted, request.inputs)},
        )

    async def update(self, request: api.UpdateRequest) -> api.UpdateResponse:
        """See `Container.update`."""
        resource = self._resource(request.urn, request.news)
        news = properties(request.news)
        with _completing(request.news):
            state = await to_thread(
                resource.update, request.resource_id, news, preview=request.preview
            )
        return api.UpdateResponse(wrap_properties(state, _like(request.news)))

    async def delete(self, request: api.DeleteRequest) -> None:
        """See `Container.delete`."""
        resource = self._resource(request.urn)
        await to_thread(resource.delete, request.resource_id, properties(request.properties))

    async def cancel(self) -> None:
        """End waits and builds."""
        self.tools.cancelled.set()
        commands.stop_all()

    def _resource(self, urn: str, inputs: Values | None = None) -> "Image | Network | Container":
        type_ = urn.split("::")[2].rpartition("$")[2]
        if type_ not in _TYPES:
            raise KaldraError(
                f"The substitute docker plugin does not support {type_}.",
                hint="Install the official plugin where it can be downloaded: "
                f"pulumi plugin install resource docker {VERSION}",
            )
        module = _imported(f"kaldra.docker_provider.{_TYPES[type_]}")
        found: type[Image | Network | Container] = getattr(module, _TYPES[type_].capitalize())
        return found(self.tools, urn, frozenset(secret_texts(PropertyValue(inputs or {}))))


def _imported(module: str) -> ModuleType:
    with _IMPORTING:
        return import_module(module)


@contextlib.contextmanager
def _completing(inputs: Values) -> Iterator[None]:
    """Add to a PartialFailureError what only the provider knows: values with their secrets."""
    try:
        yield
    except PartialFailureError as failure:
        failure.inputs = inputs
        failure.state = wrap_properties(failure.plain, _like(inputs))
        raise


def _like(inputs: Values) -> Values:
    """Where a state's secrets are: in the properties that repeat inputs."""
    return {**inputs, "__inputs": PropertyValue(inputs)}
