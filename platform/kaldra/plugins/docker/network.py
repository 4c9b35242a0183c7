"""`Network`: a Docker network. Nothing of it can be changed in place."""

import time
from typing import Any
from urllib.parse import quote

from kaldra.errors import KaldraError
from kaldra.plugins.diffs import Change, Diff
from kaldra.plugins.diffs import Kind as ChangeKind
from kaldra.plugins.docker.differences import changes
from kaldra.plugins.docker.engine import EngineError
from kaldra.plugins.docker.kind import Kind
from kaldra.plugins.docker.naming import (
    is_automatic,
    labels,
    name_problem,
    strip,
    with_defaults,
)
from kaldra.plugins.provider import Checked, Failure, Found, Resource
from kaldra.plugins.values import Props, conceal, reveal

_META = '{"schema_version":"1"}'
"""Version of the state's shape, as the official plugin writes and asks for it."""

_DEFAULTS = {"ipamDriver": "default"}
_UNORDERED = ("labels", "ipamConfigs")
_NESTED = ("labels", "ipamConfigs")
_CONFLICT = 409
_EMPTY_SECONDS = 30.0
_EMPTY_CHECK_SECONDS = 0.5


class Networks(Kind):
    """Its id is the engine's."""

    def check(self, news: Props, name: str | None) -> Checked:
        """Fill in the name and the defaults."""
        defaults: Props = dict(_DEFAULTS)
        if name:
            defaults["name"] = name
        inputs = with_defaults(news, defaults)
        for key in _NESTED:
            if isinstance(inputs.get(key), list):
                inputs[key] = [with_defaults(entry, {}) for entry in inputs[key]]
        problem = name_problem(reveal(inputs.get("name")))
        return Checked(inputs, [Failure("name", problem)] if problem else [])

    def diff(
        self,
        resource: Resource,
        id_: str,
        old_inputs: Props,
        old_state: Props,  # noqa: ARG002  the inputs tell what was asked for
        news: Props,
    ) -> Diff:
        """Every change replaces; so does a network that is gone."""
        found = changes(old_inputs, news, _UNORDERED, _DEFAULTS)
        replaced = {
            path: Change(change.kind, replace=True, input_only=change.input_only)
            for path, change in found.items()
        }
        if not replaced and self._find(id_) is None:
            self.host.info(resource.urn, "The network was removed by others: it is made again.")
            replaced["name",] = Change(ChangeKind.UPDATE, replace=True, input_only=False)
        return Diff(replaced, delete_before_replace=not is_automatic(news))

    def create(self, resource: Resource, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        """Make it; one exactly as asked for, left by an interrupted run, is taken over."""
        if preview:
            return "", strip(inputs)
        wanted = reveal(strip(inputs))
        self.host.status(resource.urn, "creating")
        try:
            id_ = self.engine.call("POST", "/networks/create", _body(wanted))["Id"]
        except EngineError as error:
            if error.status != _CONFLICT:
                raise KaldraError(
                    f"Network {wanted['name']} was not made: {error.reason}"
                ) from error
            id_ = self._take_over(wanted)
        return id_, conceal(_state(id_, wanted, self._find(id_) or {}), inputs)

    def read(self, id_: str, inputs: Props, state: Props) -> Found | None:  # noqa: ARG002
        """None when it is gone."""
        found = self._find(id_)
        if found is None:
            return None
        return Found(id_, conceal(_state(id_, reveal(strip(inputs)), found), inputs), inputs)

    def update(self, resource: Resource, id_: str, news: Props, *, preview: bool) -> Props:  # noqa: ARG002
        """Only what is no part of the network itself can get here."""
        found = {} if preview else self._find(id_) or {}
        return dict(conceal(_state(id_, reveal(strip(news)), found), news))

    def delete(self, id_: str, inputs: Props, state: Props) -> None:  # noqa: ARG002
        """Remove it, waiting a while for its last container to leave."""
        deadline = time.monotonic() + _EMPTY_SECONDS
        while True:
            try:
                return self.engine.remove(f"/networks/{quote(id_)}")
            except EngineError as error:
                waiting = "active endpoints" in error.reason and time.monotonic() < deadline
                if not waiting or self.cancelled.wait(_EMPTY_CHECK_SECONDS):
                    raise self._still_used(id_, error) from error

    def _find(self, id_: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.engine.find(f"/networks/{quote(id_)}")
        return found

    def _still_used(self, id_: str, error: EngineError) -> KaldraError:
        found = self._find(id_) or {}
        users = [entry.get("Name", "?") for entry in (found.get("Containers") or {}).values()]
        name = found.get("Name", id_)
        return KaldraError(
            f"Network {name} cannot be removed: {error.reason}",
            hint=f"docker rm -f {' '.join(users)}" if users else f"docker network inspect {name}",
        )

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
            f"There is a network {name} already, and it is not this stack's.",
            hint=f"Look at it with: docker network inspect {name}; if nobody needs it: "
            f"docker network rm {name}",
        )


def _body(wanted: Props) -> Props:
    pools = [
        {
            "Subnet": pool.get("subnet") or "",
            "IPRange": pool.get("ipRange") or "",
            "Gateway": pool.get("gateway") or "",
            "AuxiliaryAddresses": pool.get("auxAddress") or {},
        }
        for pool in wanted.get("ipamConfigs") or []
    ]
    return {
        "Name": wanted["name"],
        "CheckDuplicate": True,
        "Driver": wanted.get("driver") or "bridge",
        "Internal": bool(wanted.get("internal")),
        "Attachable": bool(wanted.get("attachable")),
        "Ingress": bool(wanted.get("ingress")),
        "EnableIPv6": bool(wanted.get("ipv6")),
        "Labels": labels(wanted.get("labels") or []),
        "Options": wanted.get("options") or {},
        "IPAM": {
            "Driver": wanted.get("ipamDriver") or "default",
            "Config": pools,
            "Options": wanted.get("ipamOptions") or {},
        },
    }


def _state(id_: str, wanted: Props, found: Props) -> Props:
    pools = [
        {
            key: pool[name]
            for key, name in (("subnet", "Subnet"), ("gateway", "Gateway"), ("ipRange", "IPRange"))
            if pool.get(name)
        }
        for pool in (found.get("IPAM") or {}).get("Config") or []
    ]
    seen = {
        "attachable": bool(found.get("Attachable")),
        "driver": found.get("Driver") or "bridge",
        "ingress": bool(found.get("Ingress")),
        "internal": bool(found.get("Internal")),
        "ipamConfigs": pools,
        "ipv6": bool(found.get("EnableIPv6")),
        "options": found.get("Options") or {},
        "scope": found.get("Scope") or "local",
    }
    return {**seen, **wanted, "id": id_, "__meta": _META}
