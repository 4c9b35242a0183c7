"""`Container`: created, started and waited for; changed in place only where Docker can."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docker.errors import APIError
from pulumi.provider.experimental.provider import CheckFailure, DiffResponse

from kaldra.docker_provider import container_spec as spec
from kaldra.docker_provider.differences import UPDATE, answer, changes
from kaldra.docker_provider.resource import PartialFailureError, Resource
from kaldra.docker_provider.values import Props, strip
from kaldra.docker_provider.waiting import Watch
from kaldra.errors import KaldraError
from kaldra.toolchain.docker_client import runs

_OWNER = "io.kaldra.plugin.resource"
"""Label that identifies the resource, of which program, that a container was created for."""

_META = '{"schema_version":"2"}'
"""Version of the state's shape, as the official plugin writes and asks for it."""

_NOT_FOUND = 404
_CONFLICT = 409
_DRIFT = {"mustRun": "it does not run", "networksAdvanced": "it left a network"}
_TAKEN = ("port is already allocated", "address already in use")


class Container(Resource):
    """Its id is the engine's. The old one is deleted before a new one: names are unique."""

    def check(self, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Fill in the defaults."""
        inputs = spec.complete(news)
        return inputs, list(spec.failures(inputs))

    def diff(self, id_: str, olds: Props, _old_state: Props, news: Props) -> DiffResponse:
        """Compare with the inputs, and with the container itself: it may have been changed."""
        found = self._find(id_)
        olds = strip(olds)
        drifted = self._drift(spec.plain(olds), found) if found is not None else {}
        if drifted:
            what = ", ".join(_DRIFT.get(key, f"{key} is {value}") for key, value in drifted.items())
            self.info(f"Changed by others: {what}.")
        differing = changes({**olds, **drifted}, news, spec.UNORDERED, spec.DEFAULTS)
        observed = []
        if found is None:
            self.info("The container was removed by others: it is created again.")
            differing["name",] = UPDATE
            observed = [("name",)]
        return answer(
            differing,
            replaces=lambda name: found is None or name not in spec.IN_PLACE,
            observed=observed,
            delete_before_replace=True,
        )

    def create(self, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        """Create, connect, start and wait. What cannot be started is removed again."""
        if preview:
            return "", strip(inputs)
        wanted = spec.plain(inputs)
        self._require_image(wanted)
        self.status("creating")
        id_ = self._create(wanted)
        try:
            if wanted["start"]:
                self.status("starting")
                self._start(id_, wanted)
        except BaseException:
            self._remove(id_)
            raise
        return id_, self._settle(id_, wanted)

    def read(self, id_: str, inputs: Props, state: Props) -> tuple[Props, Props] | None:  # noqa: ARG002
        """None when it is gone; what others changed shows in inputs and state."""
        found = self._find(id_)
        if found is None:
            return None
        actual = {**inputs, **self._drift(spec.plain(inputs), found)}
        return _state(spec.plain(actual), found), actual

    def update(self, id_: str, news: Props, *, preview: bool) -> Props:
        """Set limits and restart policy, and start it when it does not run."""
        if preview:
            return dict(strip(news))
        wanted = spec.plain(news)
        self.status("updating")
        try:
            # The SDK's update_container knows all limits but NanoCpus.
            engine: Any = self.engine
            url = engine._url("/containers/{0}/update", id_)  # noqa: SLF001
            engine._raise_for_status(engine._post_json(url, spec.resources(wanted)))  # noqa: SLF001
        except APIError as error:
            raise _refused("update", wanted, error) from error
        found = self._find(id_)
        if wanted["start"] and wanted["mustRun"] and not (found and runs(found)):
            self.status("starting")
            self._start(id_, wanted)
        return self._settle(id_, wanted)

    def delete(self, id_: str, state: Props) -> None:
        """Stop it within its grace period, then remove it; fine when it is gone."""
        wanted = spec.plain(state)
        if self._find(id_) is not None:
            self.engine.stop(id_, timeout=int(wanted.get("destroyGraceSeconds") or 0))
        self._remove(id_, volumes=bool(wanted["removeVolumes"]))

    def _find(self, id_: str) -> dict[str, Any] | None:
        return self.tools.find("inspect_container", id_)

    def _remove(self, id_: str, *, volumes: bool = True) -> None:
        try:
            self.engine.remove_container(id_, force=True, v=volumes)
        except APIError as error:
            going = error.status_code == _CONFLICT and "in progress" in str(error.explanation)
            if error.status_code != _NOT_FOUND and not going:
                raise

    def _drift(self, plain: Props, found: dict[str, Any]) -> Props:
        name = plain.get("image")
        return _drift_of(plain, found, self.tools.find("inspect_image", name) if name else None)

    def _require_image(self, wanted: Props) -> None:
        name = str(wanted["image"])
        if self.tools.find("inspect_image", name) is not None:
            return
        built = name.startswith("sha256:")
        raise KaldraError(
            f"Docker does not have image {name} of container {wanted['name']}.",
            hint="pulumi up --refresh builds it again." if built else f"docker pull {name}",
        )

    def _create(self, wanted: Props) -> str:
        owner = hashlib.sha256(f"{Path.cwd()}\n{self.urn}".encode()).hexdigest()[:16]
        body = spec.body(wanted, {_OWNER: owner})
        engine: Any = self.engine  # the method's type is not declared
        asked = (body, wanted["name"])
        try:
            try:
                made = engine.create_container_from_config(*asked)
            except APIError as error:
                if error.status_code != _CONFLICT:
                    raise
                self._clear_way(wanted, owner)
                made = engine.create_container_from_config(*asked)
        except APIError as error:
            raise _refused("create", wanted, error) from error
        return str(made["Id"])

    def _clear_way(self, wanted: Props, owner: str) -> None:
        """Remove a container of this name if an interrupted run of this program left it."""
        name = wanted["name"]
        found = self._find(name)
        if found is None:
            return
        if (found["Config"].get("Labels") or {}).get(_OWNER) != owner:
            raise KaldraError(
                f"A container {name} of image {found['Config']['Image']} exists already, and it "
                "does not belong to this stack.",
                hint=f"docker logs {name}; and if nobody needs it: docker rm -f {name}",
            )
        self._remove(found["Id"])

    def _start(self, id_: str, wanted: Props) -> None:
        try:
            found = self._find(id_) or {}
            paused = found.get("State", {}).get("Paused")
            (self.engine.unpause if paused else self.engine.start)(id_)
        except APIError as error:
            problem = _refused("start", wanted, error)
            if any(text in str(error.explanation) for text in _TAKEN):
                problem.hint = self._port_hint(wanted)
            raise problem from error

    def _port_hint(self, wanted: Props) -> str:
        for port in wanted.get("ports") or []:
            number = port.get("external")
            for other in self.engine.containers(filters={"publish": [str(number)]}):
                name = str(other["Names"][0]).removeprefix("/")
                if name != wanted["name"]:
                    return f"Container {name} publishes port {number}: docker stop {name}"
        numbers = ", ".join(str(port.get("external")) for port in wanted.get("ports") or [])
        return f"Another program listens on port {numbers}: ss -ltnp"

    def _settle(self, id_: str, wanted: Props) -> Props:
        """Wait as the plain inputs ask for; the state. A container that is not ready is kept."""
        watch = Watch(self.tools, id_, self.status)
        try:
            if wanted["start"] and wanted["wait"]:
                watch.until_healthy(float(wanted["waitTimeout"]))
            elif wanted["start"] and wanted["mustRun"]:
                watch.until_running()
        except PartialFailureError as failure:
            found = self._find(id_)
            if found is None:
                raise KaldraError(str(failure)) from failure
            raise PartialFailureError(failure.reasons, _state(wanted, found), id_) from failure
        found = self._find(id_)
        if found is None:
            raise KaldraError(f"Container {wanted['name']} was removed while it was being created.")
        return _state(wanted, found)


def _refused(verb: str, wanted: Props, error: APIError) -> KaldraError:
    return KaldraError(f"Docker refused to {verb} container {wanted['name']}: {error.explanation}")


def _state(wanted: Props, found: Mapping[str, Any]) -> Props:
    """State of a container: its plain inputs and its id."""
    return {**strip(wanted), "id": found["Id"], "__meta": _META}


def _drift_of(plain: Props, found: Mapping[str, Any], image: Mapping[str, Any] | None) -> Props:
    """The inputs that no longer hold, with the values found instead.

    `image` is the image that the wanted name refers to now, None when there is none.
    """
    host = found["HostConfig"]
    gone: Props = {}
    if plain.get("mustRun", True) and plain.get("start", True) and not runs(found):
        gone["mustRun"] = False
    name = str(found["Name"]).removeprefix("/")
    if plain.get("name") != name:
        gone["name"] = name
    if image is not None and image["Id"] != found["Image"]:
        gone["image"] = found["Image"]
    gone |= _network_drift(plain, found.get("NetworkSettings") or {})
    gone |= _limit_drift(plain, host)
    return {key: value for key, value in gone.items() if value != plain.get(key)}


def _network_drift(plain: Props, settings: Mapping[str, Any]) -> Props:
    networks = settings.get("Networks") or {}
    known = {*networks, *(network.get("NetworkID") for network in networks.values())}
    wanted = plain.get("networksAdvanced") or []
    joined = [network for network in wanted if network.get("name") in known]
    return {"networksAdvanced": joined} if len(joined) < len(wanted) else {}


def _limit_drift(plain: Props, host: Mapping[str, Any]) -> Props:
    """Only what was asked for can drift: the engine fills in the rest as it likes."""
    found: Props = {"restart": (host.get("RestartPolicy") or {}).get("Name") or "no"}
    if plain.get("memory"):
        found["memory"] = int(host.get("Memory") or 0) // spec.MEBIBYTE
    cpus = int(host.get("NanoCpus") or 0) / 10**9
    if cpus != float(plain.get("cpus") or 0):
        found["cpus"] = f"{cpus:g}"
    return found
