"""A container as the engine describes it: its state, and how it differs from its inputs."""

from collections.abc import Mapping
from typing import Any

from kaldra.docker_provider.container_spec import MEBIBYTE
from kaldra.docker_provider.values import Props, strip
from kaldra.toolchain.docker_client import runs

_META = '{"schema_version":"2"}'
"""Version of the state's shape, as the official plugin writes and asks for it."""


def state_of(wanted: Props, found: Mapping[str, Any]) -> Props:
    """State of a container: its plain inputs and its id."""
    return {**strip(wanted), "id": found["Id"], "__meta": _META}


def drift(plain: Props, found: Mapping[str, Any], image: Mapping[str, Any] | None) -> Props:
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
        found["memory"] = int(host.get("Memory") or 0) // MEBIBYTE
    cpus = int(host.get("NanoCpus") or 0) / 10**9
    if cpus != float(plain.get("cpus") or 0):
        found["cpus"] = f"{cpus:g}"
    return found
