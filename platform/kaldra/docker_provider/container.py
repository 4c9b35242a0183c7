"""`Container`: created, started and waited for; changed in place only where Docker can."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker.errors import APIError
from pulumi.provider.experimental.provider import CheckFailure, DiffResponse

from kaldra.docker_provider import container_spec as spec
from kaldra.docker_provider.container_spec import DEFAULTS
from kaldra.docker_provider.differences import answer, changes
from kaldra.docker_provider.resource import PartialFailureError, Resource
from kaldra.docker_provider.values import Props
from kaldra.docker_provider.waiting import until_healthy, until_running
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
        return spec.complete(news), list(spec.failures(news))

    def diff(self, id_: str, olds: Props, _state: Props, news: Props) -> DiffResponse:
        """Compare with the inputs, and with the container itself: it may have been changed."""
        found = self.find("container", id_)
        drifted = self._drift({**DEFAULTS, **olds}, found) if found else {}
        if drifted:
            what = ", ".join(_DRIFT.get(key, f"{key} is {value}") for key, value in drifted.items())
            self.info(f"Changed by others: {what}.")
        if not found:
            self.info("The container was removed by others: it is created again.")
        return answer(
            changes({**olds, **drifted}, news, DEFAULTS),
            replaces=lambda name: not found or name not in spec.IN_PLACE,
            lost="" if found else "name",
        )

    def create(self, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        """Create, connect, start and wait. What cannot be started is removed again."""
        if preview:
            return "", inputs
        wanted = {**DEFAULTS, **inputs}
        image = str(wanted["image"])
        if self.find("image", image) is None:
            built = image.startswith("sha256:")
            raise KaldraError(
                f"Docker does not have image {image} of container {wanted['name']}.",
                hint="pulumi up --refresh builds it again." if built else f"docker pull {image}",
            )
        self.status("creating")
        id_ = self._create(wanted)
        try:
            if wanted["start"]:
                self._start(id_, wanted)
        except BaseException:
            self._remove(id_)
            raise
        return id_, self._settle(id_, wanted)

    def read(self, id_: str, inputs: Props, state: Props) -> tuple[Props, Props] | None:  # noqa: ARG002
        """Its state, and the inputs that others changed; None when it is gone."""
        found = self.find("container", id_)
        if found is None:
            return None
        wanted = {**DEFAULTS, **inputs}
        drifted = self._drift(wanted, found)
        return _state_of(id_, {**wanted, **drifted}), drifted

    def update(self, id_: str, news: Props, *, preview: bool) -> Props:
        """Set limits and restart policy, and start it when it does not run."""
        if preview:
            return news
        wanted = {**DEFAULTS, **news}
        self.status("updating")
        engine: Any = self.engine
        with self._asking("update", wanted):
            # The SDK's update_container knows all limits but NanoCpus.
            url = engine._url("/containers/{0}/update", id_)  # noqa: SLF001
            engine._raise_for_status(engine._post_json(url, spec.resources(wanted)))  # noqa: SLF001
        found = self.find("container", id_)
        if wanted["start"] and wanted["mustRun"] and not (found and runs(found)):
            self._start(id_, wanted)
        return self._settle(id_, wanted)

    def delete(self, id_: str, state: Props) -> None:
        """Stop it within its grace period, then remove it; fine when it is gone."""
        wanted = {**DEFAULTS, **state}
        if self.find("container", id_) is not None:
            self.engine.stop(id_, timeout=int(wanted.get("destroyGraceSeconds") or 0))
        self._remove(id_, volumes=bool(wanted["removeVolumes"]))

    def _create(self, wanted: Props) -> str:
        """Create it, in the place of one that an interrupted run of this program left."""
        name = wanted["name"]
        owner = hashlib.sha256(f"{Path.cwd()}\n{self.urn}".encode()).hexdigest()[:16]
        asked = (spec.body(wanted, {_OWNER: owner}), name)
        engine: Any = self.engine  # the method's type is not declared
        with self._asking("create", wanted):
            try:
                return str(engine.create_container_from_config(*asked)["Id"])
            except APIError as error:
                if error.status_code != _CONFLICT:
                    raise
            if found := self.find("container", name):
                if (found["Config"].get("Labels") or {}).get(_OWNER) != owner:
                    raise KaldraError(
                        f"A container {name} of image {found['Config']['Image']} exists already, "
                        "and it does not belong to this stack.",
                        hint=f"docker logs {name}; and if nobody needs it: docker rm -f {name}",
                    )
                self._remove(found["Id"])
            return str(engine.create_container_from_config(*asked)["Id"])

    def _start(self, id_: str, wanted: Props) -> None:
        self.status("starting")
        with self._asking("start", wanted):
            found = self.find("container", id_) or {}
            paused = found.get("State", {}).get("Paused")
            (self.engine.unpause if paused else self.engine.start)(id_)

    def _settle(self, id_: str, wanted: Props) -> Props:
        """Wait as the inputs ask for; the state. A container that is not ready is kept."""
        reasons = []
        if wanted["start"] and wanted["wait"]:
            reasons = until_healthy(self, id_, float(wanted["waitTimeout"]))
        elif wanted["start"] and wanted["mustRun"]:
            reasons = until_running(self, id_)
        if self.find("container", id_) is None:
            removed = f"Container {wanted['name']} was removed while it was being created."
            raise KaldraError("\n".join(reasons) or removed)
        state = _state_of(id_, wanted)
        if reasons:
            raise PartialFailureError(reasons, state, id_)
        return state

    def _remove(self, id_: str, *, volumes: bool = True) -> None:
        try:
            self.engine.remove_container(id_, force=True, v=volumes)
        except APIError as error:
            going = error.status_code == _CONFLICT and "in progress" in str(error.explanation)
            if error.status_code != _NOT_FOUND and not going:
                raise

    @contextmanager
    def _asking(self, verb: str, wanted: Props) -> Iterator[None]:
        """Tell what the engine refused to do with it."""
        try:
            yield
        except APIError as error:
            said = str(error.explanation)
            raise KaldraError(
                f"Docker refused to {verb} container {wanted['name']}: {said}",
                hint=self._port_hint(wanted) if any(text in said for text in _TAKEN) else "",
            ) from error

    def _port_hint(self, wanted: Props) -> str:
        numbers = [str(port.get("external")) for port in wanted.get("ports") or []]
        for number in numbers:
            for other in self.engine.containers(filters={"publish": [number]}):
                name = str(other["Names"][0]).removeprefix("/")
                if name != wanted["name"]:
                    return f"Container {name} publishes port {number}: docker stop {name}"
        return f"Another program listens on port {', '.join(numbers)}: ss -ltnp"

    def _drift(self, wanted: Props, found: dict[str, Any]) -> Props:
        """The inputs that no longer hold, with the values found instead.

        Only a limit that was asked for can drift: the engine fills in the rest as it likes.
        """
        host = found["HostConfig"]
        now: Props = {
            "mustRun": wanted["mustRun"] and (runs(found) or not wanted["start"]),
            "name": str(found["Name"]).removeprefix("/"),
        }
        # The image that the wanted name refers to now.
        image = self.find("image", wanted["image"]) if wanted.get("image") else None
        if image is not None and image["Id"] != found["Image"]:
            now["image"] = found["Image"]
        present = (found.get("NetworkSettings") or {}).get("Networks") or {}
        known = {*present, *(network.get("NetworkID") for network in present.values())}
        networks = wanted.get("networksAdvanced") or []
        joined = [network for network in networks if network.get("name") in known]
        if len(joined) < len(networks):
            now["networksAdvanced"] = joined
        now["restart"] = (host.get("RestartPolicy") or {}).get("Name") or "no"
        if wanted.get("memory"):
            now["memory"] = int(host.get("Memory") or 0) // spec.MEBIBYTE
        cpus = int(host.get("NanoCpus") or 0) / 10**9
        if cpus != float(wanted.get("cpus") or 0):
            now["cpus"] = f"{cpus:g}"
        return {key: value for key, value in now.items() if value != wanted.get(key)}


def _state_of(id_: str, wanted: Props) -> Props:
    """State of a container: its inputs and its id."""
    return {**wanted, "id": id_, "__meta": _META}
