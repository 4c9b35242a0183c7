"""`Container`: created, started and waited for; changed in place only where Docker can."""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kaldra.errors import KaldraError
from kaldra.plugins.diffs import Change, Diff
from kaldra.plugins.diffs import Kind as ChangeKind
from kaldra.plugins.docker import container_spec as spec
from kaldra.plugins.docker import credentials
from kaldra.plugins.docker.container_state import drift, state
from kaldra.plugins.docker.differences import changes
from kaldra.plugins.docker.engine import EngineError
from kaldra.plugins.docker.kind import Kind
from kaldra.plugins.docker.naming import strip
from kaldra.plugins.docker.progress import Throttle
from kaldra.plugins.docker.waiting import NotReadyError, Watch
from kaldra.plugins.provider import Checked, Found, InitError, Resource
from kaldra.plugins.values import Props, conceal

_OWNER = "io.kaldra.plugin.resource"
"""Label that tells which resource of which program a container was made for."""

_STATUS_SECONDS = 1.0
_STOP_MARGIN_SECONDS = 60.0
_TAKEN = ("port is already allocated", "address already in use")


class Containers(Kind):
    """Its id is the engine's. A new one is made after the old one is gone: names are unique."""

    def check(self, news: Props, name: str | None) -> Checked:
        """Fill in the name and the defaults."""
        inputs = spec.complete(news, {"name": name} if name else {})
        return Checked(inputs, list(spec.failures(inputs)))

    def diff(
        self,
        resource: Resource,
        id_: str,
        old_inputs: Props,
        old_state: Props,  # noqa: ARG002  the inputs tell what was asked for
        news: Props,
    ) -> Diff:
        """Compare with the inputs, and with the container itself: it may have been changed."""
        found = self._find(id_)
        olds = strip(old_inputs)
        if found is not None:
            drifted = self._drift(spec.plain(olds), found)
            olds = {**olds, **drifted}
            if drifted:
                what = ", ".join(_drift_text(key, value) for key, value in drifted.items())
                self.host.info(resource.urn, f"Changed by others: {what}.")
        differing = {
            path: Change(
                change.kind,
                replace=path[0] not in spec.IN_PLACE,
                input_only=change.input_only,
            )
            for path, change in changes(olds, news, spec.UNORDERED, spec.DEFAULTS).items()
        }
        if found is None:
            self.host.info(resource.urn, "The container was removed by others: it is made again.")
            differing["name",] = Change(ChangeKind.UPDATE, replace=True, input_only=False)
        return Diff(differing, delete_before_replace=True)

    def create(self, resource: Resource, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        """Make, connect, start and wait. What cannot be started is removed again."""
        if preview:
            return "", strip(inputs)
        wanted = spec.plain(inputs)
        self._ensure_image(resource, wanted)
        self.host.status(resource.urn, "creating")
        id_ = self._make(resource, wanted)
        try:
            self._connect(id_, wanted)
            if wanted["start"]:
                self.host.status(resource.urn, "starting")
                self._start(id_, wanted)
        except BaseException:
            self.engine.remove(f"/containers/{id_}", force=True, v=True)
            raise
        return id_, self._settle(resource, id_, inputs)

    def read(self, id_: str, inputs: Props, state: Props) -> Found | None:  # noqa: ARG002
        """None when it is gone; what was meddled with shows in inputs and state."""
        found = self._find(id_)
        if found is None:
            return None
        actual = {**inputs, **self._drift(spec.plain(inputs), found)}
        return Found(id_, self._state(actual, found), actual)

    def update(self, resource: Resource, id_: str, news: Props, *, preview: bool) -> Props:
        """Set limits and restart policy, and start it when it does not run."""
        if preview:
            return dict(strip(news))
        wanted = spec.plain(news)
        limits = spec.resources(wanted)
        if limits["Memory"] and "MemorySwap" not in limits:
            # What the engine takes by default; an older, smaller one would be in the way.
            limits["MemorySwap"] = 2 * limits["Memory"]
        limits |= {
            api: wanted[key]
            for key, api in (("cpuShares", "CpuShares"), ("cpuSet", "CpusetCpus"))
            if wanted.get(key)
        }
        self.host.status(resource.urn, "updating")
        self._refusable("change", wanted, "POST", f"/containers/{quote(id_)}/update", limits)
        found = self._find(id_) or {"State": {"Running": False}}
        if wanted["start"] and wanted["mustRun"] and not found["State"]["Running"]:
            self.host.status(resource.urn, "starting")
            self._start(id_, wanted)
        return self._settle(resource, id_, news)

    def delete(self, id_: str, inputs: Props, state: Props) -> None:
        """Stop it within its grace period, then remove it; fine when it is gone."""
        plain = spec.plain({**state, **inputs})
        path, grace = f"/containers/{quote(id_)}", int(plain.get("destroyGraceSeconds") or 0)
        if not plain.get("attach"):
            try:
                self.engine.call(
                    "POST", f"{path}/stop", t=grace, timeout=grace + _STOP_MARGIN_SECONDS
                )
            except EngineError as error:
                if error.status != 404:
                    raise
        self.engine.remove(path, force=True, v=bool(plain.get("removeVolumes", True)))

    def _find(self, id_: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.engine.find(f"/containers/{quote(id_)}/json")
        return found

    def _drift(self, plain: Props, found: dict[str, Any]) -> Props:
        name = plain.get("image")
        image = self.engine.find(f"/images/{quote(name, safe='')}/json") if name else None
        return drift(plain, found, image)

    def _state(self, inputs: Props, found: dict[str, Any]) -> Props:
        return dict(conceal(state(spec.plain(inputs), found), strip(inputs)))

    def _ensure_image(self, resource: Resource, wanted: Props) -> None:
        name = str(wanted["image"])
        if self.engine.find(f"/images/{quote(name, safe='')}/json") is not None:
            return
        if name.startswith("sha256:"):
            raise KaldraError(
                f"Image {name} of container {wanted['name']} is no longer in Docker.",
                hint="pulumi up --refresh builds it again.",
            )
        server = credentials.server_of(name)
        auth = credentials.find(server, {}, self.registry_auth)
        query = (
            {"fromImage": name}
            if "@" in name or ":" in name.rpartition("/")[2]
            else {
                "fromImage": name,
                "tag": "latest",
            }
        )
        if wanted.get("platform"):
            query["platform"] = wanted["platform"]
        what = f"pulling {name}"
        throttle = Throttle(_STATUS_SECONDS)
        for message in self.engine.stream("/images/create", what, auth=auth, **query):
            if throttle.ready():
                self.host.status(resource.urn, f"{what}: {message.get('status', '')}")

    def _make(self, resource: Resource, wanted: Props) -> str:
        owner = hashlib.sha256(f"{Path.cwd()}\n{resource.urn}".encode()).hexdigest()[:16]
        query: Props = {"name": wanted["name"]}
        if wanted.get("platform"):
            query["platform"] = wanted["platform"]
        asked = spec.body(wanted, {_OWNER: owner})
        try:
            made = self.engine.call("POST", "/containers/create", asked, **query)
        except EngineError as error:
            if error.status != 409:
                raise _refused("make", wanted, error) from error
            self._clear_way(wanted, owner)
            made = self._refusable("make", wanted, "POST", "/containers/create", asked, **query)
        return str(made["Id"])

    def _clear_way(self, wanted: Props, owner: str) -> None:
        """Remove a container of this name if an interrupted run of this program left it."""
        name = wanted["name"]
        found = self._find(name)
        if found is None:
            return
        if (found["Config"].get("Labels") or {}).get(_OWNER) != owner:
            raise KaldraError(
                f"There is a container {name} already, of image {found['Config']['Image']}, and "
                "it is not this stack's.",
                hint=f"docker logs {name}; and if nobody needs it: docker rm -f {name}",
            )
        self.engine.remove(f"/containers/{found['Id']}", force=True, v=True)

    def _connect(self, id_: str, wanted: Props) -> None:
        networks = wanted.get("networksAdvanced") or []
        if not networks:
            return
        left = {"Container": id_, "Force": True}
        try:
            self.engine.call("POST", "/networks/bridge/disconnect", left)
        except EngineError as error:
            if error.status not in (403, 404) and "is not connected" not in error.reason:
                raise
        for network in networks:
            asked = {"Container": id_, "EndpointConfig": spec.endpoint(network)}
            path = f"/networks/{quote(network['name'])}/connect"
            self._refusable("connect", wanted, "POST", path, asked)

    def _start(self, id_: str, wanted: Props) -> None:
        try:
            self.engine.call("POST", f"/containers/{id_}/start")
        except EngineError as error:
            problem = _refused("start", wanted, error)
            if any(text in error.reason for text in _TAKEN):
                problem.hint = self._port_hint(wanted)
            raise problem from error

    def _port_hint(self, wanted: Props) -> str:
        for port in wanted.get("ports") or []:
            number = port.get("external")
            query: Props = {"filters": {"publish": [str(number)]}}
            for other in self.engine.call("GET", "/containers/json", **query):
                name = str(other["Names"][0]).removeprefix("/")
                if name != wanted["name"]:
                    return f"Container {name} publishes port {number}: docker stop {name}"
        numbers = ", ".join(str(port.get("external")) for port in wanted.get("ports") or [])
        return f"Another program listens on port {numbers}: ss -ltnp"

    def _refusable(self, verb: str, wanted: Props, *call: Any, **query: Any) -> Any:
        try:
            return self.engine.call(*call, **query)
        except EngineError as error:
            raise _refused(verb, wanted, error) from error

    def _settle(self, resource: Resource, id_: str, inputs: Props) -> Props:
        """Wait as the inputs ask for; the state. InitError keeps a container that is not ready."""
        wanted = spec.plain(inputs)
        watch = Watch(
            self.engine, id_, self.cancelled, lambda text: self.host.status(resource.urn, text)
        )
        ended: Props = {}
        try:
            if wanted["start"] and wanted["attach"]:
                code, logs = watch.until_ended()
                ended = {"exitCode": code, **({"containerLogs": logs} if wanted["logs"] else {})}
            elif wanted["start"] and wanted["wait"]:
                watch.until_healthy(float(wanted["waitTimeout"]))
            elif wanted["start"] and wanted["mustRun"]:
                watch.until_running()
        except NotReadyError as error:
            found = self._find(id_)
            if found is None:
                raise
            raise InitError(
                Found(id_, self._state(inputs, found), inputs), error.reasons
            ) from error
        found = self._find(id_)
        if found is None:
            raise KaldraError(f"Container {wanted['name']} was removed while it was being made.")
        return {**self._state(inputs, found), **ended}


def _drift_text(key: str, value: Any) -> str:
    if key == "mustRun":
        return "it does not run"
    if key == "networksAdvanced":
        return "it left a network"
    return f"{key} is {value}"


def _refused(verb: str, wanted: Props, error: EngineError) -> KaldraError:
    return KaldraError(f"Docker refused to {verb} container {wanted['name']}: {error.reason}")
