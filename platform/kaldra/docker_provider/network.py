"""`Network`: a Docker network. Nothing of it can be changed in place."""

import time
from typing import Any

from docker.errors import APIError
from pulumi.provider.experimental.provider import CheckFailure, DiffResponse

from kaldra.docker_provider.differences import answer, changes
from kaldra.docker_provider.resource import Resource, failures, labels, with_defaults
from kaldra.docker_provider.values import Props
from kaldra.errors import KaldraError

_META = '{"schema_version":"1"}'
"""Version of the state's shape, as the official plugin writes and asks for it."""

_DEFAULTS = {"ipamDriver": "default"}
_SWITCHES = ("attachable", "internal", "ipv6")
_SUPPORTED = frozenset((*_DEFAULTS, *_SWITCHES, "driver", "labels", "name", "options"))
_CONFLICT = 409
_NOT_FOUND = 404
_EMPTY_SECONDS = 30.0
_EMPTY_CHECK_SECONDS = 0.5


class Network(Resource):
    """Its id is the engine's."""

    def check(self, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Fill in the defaults."""
        inputs = with_defaults(news, _DEFAULTS)
        if isinstance(inputs.get("labels"), list):
            inputs["labels"] = [with_defaults(entry, {}) for entry in inputs["labels"]]
        return inputs, list(failures(news, _SUPPORTED, ("name",)))

    def diff(self, id_: str, olds: Props, _state: Props, news: Props) -> DiffResponse:
        """Every change replaces; so does a network that is gone."""
        found = changes(olds, news, _DEFAULTS)
        lost = ""
        if not found and self.find("network", id_) is None:
            self.info("The network was removed by others: it is created again.")
            lost = "name"
        return answer(found, replaces=lambda _name: True, lost=lost)

    def create(self, wanted: Props, *, preview: bool) -> tuple[str, Props]:
        """Create it; one exactly as asked for, left by an interrupted run, is taken over."""
        if preview:
            return "", wanted
        self.status("creating")
        try:
            made = self.engine.create_network(
                wanted["name"],
                driver=wanted.get("driver") or "bridge",
                options=wanted.get("options") or {},
                check_duplicate=True,
                internal=bool(wanted.get("internal")),
                labels=labels(wanted.get("labels") or []),
                enable_ipv6=bool(wanted.get("ipv6")),
                attachable=bool(wanted.get("attachable")),
            )
        except APIError as error:
            if error.status_code != _CONFLICT:
                raise KaldraError(
                    f"Creating network {wanted['name']} failed: {error.explanation}"
                ) from error
            made = self._left_behind(wanted)
        return str(made["Id"]), _state_of(made["Id"], wanted)

    def read(self, id_: str, inputs: Props, state: Props) -> tuple[Props, Props] | None:  # noqa: ARG002
        """None when it is gone."""
        return (_state_of(id_, inputs), {}) if self.find("network", id_) else None

    def update(self, id_: str, news: Props, *, preview: bool) -> Props:  # noqa: ARG002
        """Only what is not part of the network itself can get here."""
        return _state_of(id_, news)

    def delete(self, id_: str, state: Props) -> None:  # noqa: ARG002
        """Remove it, waiting a while for its last container to leave."""
        deadline = time.monotonic() + _EMPTY_SECONDS
        while found := self.find("network", id_):
            try:
                return self.engine.remove_network(id_)
            except APIError as error:
                if error.status_code == _NOT_FOUND:
                    return None
                said = str(error.explanation)
                waiting = "active endpoints" in said and time.monotonic() < deadline
                if not waiting or self.tools.cancelled.wait(_EMPTY_CHECK_SECONDS):
                    name, inside = found["Name"], (found.get("Containers") or {}).values()
                    users = " ".join(entry.get("Name", "?") for entry in inside)
                    raise KaldraError(
                        f"Network {name} cannot be removed: {said}",
                        hint=f"docker rm -f {users}" if users else f"docker network inspect {name}",
                    ) from error
        return None

    def _left_behind(self, wanted: Props) -> dict[str, Any]:
        name = wanted["name"]
        found = self.find("network", name) or {}
        if (
            wanted.get("labels")
            and (found.get("Labels") or {}) == labels(wanted["labels"])
            and found.get("Driver") == (wanted.get("driver") or "bridge")
            and bool(found.get("Internal")) == bool(wanted.get("internal"))
            and not found.get("Containers")
        ):
            return found
        raise KaldraError(
            f"A network {name} exists already, and it does not belong to this stack.",
            hint=f"Look at it with: docker network inspect {name}; if nobody needs it: "
            f"docker network rm {name}",
        )


def _state_of(id_: str, wanted: Props) -> Props:
    seen = {"driver": "bridge", **dict.fromkeys(_SWITCHES, False)}
    return {**seen, **wanted, "id": id_, "__meta": _META}
