"""The substitute docker provider: which types it covers, and with which engine it works."""

import json
from typing import Any

from kaldra.errors import KaldraError
from kaldra.plugins.diffs import Diff
from kaldra.plugins.docker.address import resolve
from kaldra.plugins.docker.container import Containers
from kaldra.plugins.docker.engine import Engine
from kaldra.plugins.docker.image import Images
from kaldra.plugins.docker.kind import Kind, Tools
from kaldra.plugins.docker.naming import automatic_name
from kaldra.plugins.docker.network import Networks
from kaldra.plugins.provider import (
    Autonaming,
    Checked,
    Failure,
    Found,
    Provider,
    Resource,
    UnknownTypeError,
)
from kaldra.plugins.values import Props, reveal

_KINDS: dict[str, type[Kind]] = {
    "docker:index/image:Image": Images,
    "docker:image:Image": Images,
    "docker:index/network:Network": Networks,
    "docker:index/container:Container": Containers,
}
_REFUSED = ("sshOpts", "caMaterial", "certMaterial", "keyMaterial")


class DockerProvider(Provider):
    """Covers Image, Network and Container of pulumi-docker 5.2.0; refuses any other type."""

    name = "docker"
    version = "5.2.0"

    _kinds: dict[str, Kind] | None = None

    def check_config(self, news: Props) -> Checked:
        """Refuse the settings this plugin would have to ignore."""
        reason = "is not supported by the substitute docker plugin"
        return Checked(news, [Failure(key, reason) for key in _REFUSED if news.get(key)])

    def configure(self, settings: Props) -> None:
        """Take `host`, `context`, `certPath` and `registryAuth`; the engine is not called yet."""
        plain = {key: _parsed(value) for key, value in reveal(settings).items()}
        self.host.keep_secret(
            str(entry["password"]) for entry in _auths(plain) if entry.get("password")
        )
        tools = Tools(
            engine=Engine(resolve(plain), self.cancelled),
            host=self.host,
            cancelled=self.cancelled,
            registry_auth=_auths(plain),
        )
        self._kinds = {token: kind(tools) for token, kind in _KINDS.items()}

    def check(
        self,
        resource: Resource,
        olds: Props,
        news: Props,
        seed: bytes,
        autonaming: Autonaming | None,
    ) -> Checked:
        """See `Kind.check`."""
        name = automatic_name(resource, olds, seed, autonaming)
        return self._kind(resource).check(news, name)

    def diff(
        self, resource: Resource, id_: str, old_inputs: Props, old_state: Props, news: Props
    ) -> Diff:
        """See `Kind.diff`."""
        return self._kind(resource).diff(resource, id_, old_inputs, old_state, news)

    def create(
        self,
        resource: Resource,
        inputs: Props,
        *,
        timeout: float,  # noqa: ARG002  each type has its own
        preview: bool,
    ) -> tuple[str, Props]:
        """See `Kind.create`."""
        return self._kind(resource).create(resource, inputs, preview=preview)

    def read(self, resource: Resource, id_: str, inputs: Props, state: Props) -> Found | None:
        """See `Kind.read`. An import has no inputs, which nothing here can reconstruct."""
        if not inputs and not state:
            raise KaldraError(f"The substitute docker plugin cannot import {resource.type}.")
        return self._kind(resource).read(id_, inputs, state)

    def update(  # noqa: PLR0913  the protocol's
        self,
        resource: Resource,
        id_: str,
        old_inputs: Props,  # noqa: ARG002  what is there is looked up
        old_state: Props,  # noqa: ARG002  what is there is looked up
        news: Props,
        *,
        timeout: float,  # noqa: ARG002  each type has its own
        preview: bool,
    ) -> Props:
        """See `Kind.update`."""
        return self._kind(resource).update(resource, id_, news, preview=preview)

    def delete(
        self,
        resource: Resource,
        id_: str,
        inputs: Props,
        state: Props,
        *,
        timeout: float,  # noqa: ARG002  each type has its own
    ) -> None:
        """See `Kind.delete`."""
        self._kind(resource).delete(id_, inputs, state)

    def _kind(self, resource: Resource) -> Kind:
        if resource.type not in _KINDS:
            raise UnknownTypeError(resource.type, self.name)
        if self._kinds is None:
            self.configure({})
        assert self._kinds is not None  # noqa: S101  configure() sets it
        return self._kinds[resource.type]


def _parsed(value: Any) -> Any:
    """Lists of settings arrive as JSON text."""
    return json.loads(value) if isinstance(value, str) and value.startswith("[") else value


def _auths(settings: Props) -> list[dict[str, Any]]:
    given = settings.get("registryAuth") or []
    return [entry for entry in given if isinstance(entry, dict)]
