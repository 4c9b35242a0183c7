"""`Network`: a Docker network. Nothing of it can be changed in place."""

import time
from typing import Any

from docker.errors import APIError
from pulumi.provider.experimental.provider import CheckFailure, DiffResponse

from kaldra.docker_provider.differences import UPDATE, answer, changes
from kaldra.docker_provider.resource import Resource, failures, labels, with_defaults
from kaldra.docker_provider.values import Props, strip
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
        return inputs, list(failures(strip(inputs), _SUPPORTED, ("name",)))

    def diff(self, id_: str, olds: Props, _old_state: Props, news: Props) -> DiffResponse:
        """Every change replaces; so does a network that is gone."""
        found = changes(olds, news, ("labels",), _DEFAULTS)
        observed = []
        if not found and self._find(id_) is None:
            self.info("The network was removed by others: it is created again.")
            found, observed = {("name",): UPDATE}, [("name",)]
        return answer(
            found, replaces=lambda _name: True, observed=observed, delete_before_replace=True
        )

    def create(self, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        """Create it; one exactly as asked for, left by an interrupted run, is taken over."""
        wanted = strip(inputs)
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
            id_ = str(made["Id"])
        except APIError as error:
            if error.status_code != _CONFLICT:
                raise KaldraError(
                    f"Creating network {wanted['name']} failed: {error.explanation}"
                ) from error
            id_ = self._take_over(wanted)
        return id_, _state(id_, wanted)

    def read(self, id_: str, inputs: Props, state: Props) -> tuple[Props, Props] | None:  # noqa: ARG002
        """None when it is gone."""
        return (_state(id_, strip(inputs)), inputs) if self._find(id_) else None

    def update(self, id_: str, news: Props, *, preview: bool) -> Props:  # noqa: ARG002
        """Only what is not part of the network itself can get here."""
        return _state(id_, strip(news))

    def delete(self, id_: str, state: Props) -> None:  # noqa: ARG002
        """Remove it, waiting a while for its last container to leave."""
        deadline = time.monotonic() + _EMPTY_SECONDS
        while found := self._find(id_):
            try:
                return self.engine.remove_network(id_)
            except APIError as error:
                if error.status_code == _NOT_FOUND:
                    return None
                waiting = (
                    "active endpoints" in str(error.explanation) and time.monotonic() < deadline
                )
                if not waiting or self.tools.cancelled.wait(_EMPTY_CHECK_SECONDS):
                    raise _still_used(found, error) from error
        return None

    def _find(self, id_: str) -> dict[str, Any] | None:
        return self.tools.find("inspect_network", id_)

    def _take_over(self, wanted: Props) -> str:
        name = wanted["name"]
        found = self._find(name) or {}
        same = (
            wanted.get("labels")
            and (found.get("Labels") or {}) == labels(wanted["labels"])
            and found.get("Driver") == (wanted.get("driver") or "bridge")
            and bool(found.get("Internal")) == bool(wanted.get("internal"))
            and not found.get("Containers")
        )
        if same:
            return str(found["Id"])
        raise KaldraError(
            f"A network {name} exists already, and it does not belong to this stack.",
            hint=f"Look at it with: docker network inspect {name}; if nobody needs it: "
            f"docker network rm {name}",
        )


def _still_used(found: Props, error: APIError) -> KaldraError:
    name = found["Name"]
    users = [entry.get("Name", "?") for entry in (found.get("Containers") or {}).values()]
    return KaldraError(
        f"Network {name} cannot be removed: {error.explanation}",
        hint=f"docker rm -f {' '.join(users)}" if users else f"docker network inspect {name}",
    )


def _state(id_: str, wanted: Props) -> Props:
    seen = {"driver": "bridge", **dict.fromkeys(_SWITCHES, False)}
    return {**seen, **wanted, "id": id_, "__meta": _META}
