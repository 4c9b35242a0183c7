"""A container as the engine describes it: its state, and how it differs from its inputs."""

from collections.abc import Mapping
from typing import Any

from kaldra.docker_provider.container_spec import MEBIBYTE
from kaldra.docker_provider.values import Props, strip

_META = '{"schema_version":"2"}'
"""Version of the state's shape, as the official plugin writes and asks for it."""


def state(wanted: Props, found: Mapping[str, Any]) -> Props:
    """State of a container: its plain inputs, and what only the engine knows."""
    config, host = found["Config"], found["HostConfig"]
    settings = found.get("NetworkSettings") or {}
    seen = {
        "bridge": settings.get("Bridge") or "",
        "command": config.get("Cmd") or [],
        "entrypoints": config.get("Entrypoint") or [],
        "hostname": config.get("Hostname") or "",
        "init": bool(host.get("Init")),
        "ipcMode": host.get("IpcMode") or "",
        "logDriver": host["LogConfig"]["Type"],
        "runtime": host.get("Runtime") or "",
        "shmSize": int(host.get("ShmSize") or 0) // MEBIBYTE,
        "networkDatas": _networks(settings.get("Networks") or {}),
    }
    if not found["State"]["Running"]:
        seen["exitCode"] = found["State"]["ExitCode"]
    given = strip(wanted)
    ports = _ports(settings.get("Ports") or {}, given.get("ports") or [])
    if ports:
        given["ports"] = ports
    return {**seen, **given, "id": found["Id"], "__meta": _META}


def _ports(published: Mapping[str, Any], wanted: list[Props]) -> list[Props]:
    """The wanted ports with the number the engine chose where none was asked for."""
    ports = []
    for port in wanted:
        bound = published.get(f"{port['internal']}/{port.get('protocol') or 'tcp'}") or [{}]
        external = port.get("external") or int(bound[0].get("HostPort") or 0)
        ports.append({**port, "external": external})
    return ports


def _networks(networks: Mapping[str, Any]) -> list[Props]:
    texts = ("Gateway", "GlobalIPv6Address", "IPAddress", "IPv6Gateway", "MacAddress")
    lengths = ("GlobalIPv6PrefixLen", "IPPrefixLen")
    return [
        {_camel(key): network.get(key) or "" for key in texts}
        | {_camel(key) + "gth": network.get(key) or 0 for key in lengths}
        | {"networkName": name}
        for name, network in sorted(networks.items())
    ]


def _camel(name: str) -> str:
    """`globalIpv6Address` of `GlobalIPv6Address`."""
    name = name.replace("IP", "Ip")
    return name[0].lower() + name[1:]


def drift(plain: Props, found: Mapping[str, Any], image: Mapping[str, Any] | None) -> Props:
    """The inputs that no longer hold, with the values found instead.

    `image` is the image that the wanted name refers to now, None when there is none.
    """
    host, running = found["HostConfig"], found["State"]["Running"]
    gone: Props = {}
    if plain.get("mustRun", True) and plain.get("start", True) and not running:
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
    policy = host.get("RestartPolicy") or {}
    found: Props = {
        "restart": policy.get("Name") or "no",
        "maxRetryCount": policy.get("MaximumRetryCount") or 0,
        "memory": int(host.get("Memory") or 0) // MEBIBYTE,
        "memoryReservation": int(host.get("MemoryReservation") or 0) // MEBIBYTE,
        "cpuShares": host.get("CpuShares") or 0,
    }
    cpus = int(host.get("NanoCpus") or 0) / 10**9
    if cpus != float(plain.get("cpus") or 0):
        found["cpus"] = f"{cpus:g}"
    # Only what was asked for can drift: the engine fills in the rest as it likes.
    return {
        key: value
        for key, value in found.items()
        if key == "restart" or (plain.get(key) and value != plain[key])
    }
