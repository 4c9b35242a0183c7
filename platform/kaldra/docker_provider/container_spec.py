"""A container's inputs: which are supported, their defaults, and the engine's form of them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.provider.experimental.provider import CheckFailure

from kaldra.docker_provider import resource
from kaldra.docker_provider.resource import labels, with_defaults
from kaldra.docker_provider.values import UNKNOWN, Props

MEBIBYTE = 1024 * 1024

DEFAULTS: Props = {
    "containerReadRefreshTimeoutMilliseconds": 15000,
    "mustRun": True,
    "networkMode": "bridge",
    "removeVolumes": True,
    "restart": "no",
    "start": True,
    "wait": False,
    "waitTimeout": 60,
}
"""The official plugin's; it has more that are false or zero, which is the same as absent."""
_HEALTH_TIMES = ("interval", "timeout", "startPeriod", "startInterval")
_NESTED_DEFAULTS: dict[str, Props] = {
    **{key: {} for key in ("capabilities", "labels", "networksAdvanced", "volumes")},
    "healthcheck": {"retries": 0, **dict.fromkeys(_HEALTH_TIMES, "0s")},
    "ports": {"ip": "0.0.0.0", "protocol": "tcp"},  # noqa: S104  Docker's own default
}
_IN_CONFIG = {
    "command": "Cmd",
    "entrypoints": "Entrypoint",
    "envs": "Env",
    "hostname": "Hostname",
    "user": "User",
    "workingDir": "WorkingDir",
}
_IN_HOST_CONFIG = {
    "groupAdds": "GroupAdd",
    "init": "Init",
    "networkMode": "NetworkMode",
    "readOnly": "ReadonlyRootfs",
    "securityOpts": "SecurityOpt",
    "tmpfs": "Tmpfs",
}
IN_PLACE = {"cpus", "destroyGraceSeconds", "memory", "memorySwap", *DEFAULTS} - {"networkMode"}
"""What can change without a new container: limits, and what concerns this plugin alone."""
SUPPORTED = {*_IN_CONFIG, *_IN_HOST_CONFIG, *IN_PLACE, *_NESTED_DEFAULTS} | {
    *("image", "logDriver", "logOpts", "name")
}

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9}
_NANOSECONDS |= {"m": 60 * 10**9, "h": 3600 * 10**9}


def nanoseconds(duration: str) -> int:
    """`1m30s` in nanoseconds; ValueError when it is not a duration."""
    parts = _DURATION.findall(duration)
    if duration != "0" and (not parts or "".join(map("".join, parts)) != duration):
        raise ValueError(f"{duration!r} is not a duration such as 5s, 1m30s or 500ms")
    return round(sum(float(number) * _NANOSECONDS[unit] for number, unit in parts))


def complete(news: Props) -> Props:
    """Inputs with all defaults filled in, also inside ports, health check and the like."""
    inputs = with_defaults(news, DEFAULTS)
    for key, inner in _NESTED_DEFAULTS.items():
        value = inputs.get(key)
        if isinstance(value, list):
            inputs[key] = [
                with_defaults(entry, inner) if isinstance(entry, dict) else entry for entry in value
            ]
        elif isinstance(value, dict):
            inputs[key] = with_defaults(value, inner)
    return inputs


def failures(news: Props) -> Iterator[CheckFailure]:
    """What is wrong with these inputs; values that are unknown yet are not checked."""
    yield from resource.failures(news, SUPPORTED, ("image", "name"))
    health = news.get("healthcheck")
    times = health if isinstance(health, dict) else {}
    for key in _HEALTH_TIMES:
        value = times.get(key)
        try:
            nanoseconds("0" if value in (None, UNKNOWN) else str(value))
        except ValueError as error:
            yield CheckFailure(f"healthcheck.{key}", str(error))


def body(wanted: Props, own_labels: Mapping[str, str]) -> Props:
    """Body of the engine's create request; `wanted` are inputs with all defaults."""
    config = {api: wanted[key] for key, api in _IN_CONFIG.items() if wanted.get(key)}
    host = {api: wanted[key] for key, api in _IN_HOST_CONFIG.items() if wanted.get(key)}
    volumes, capabilities = wanted.get("volumes") or [], wanted.get("capabilities") or {}
    bindings: dict[str, list[Props]] = {}
    for port in wanted.get("ports") or []:
        external = port.get("external")
        binding = {"HostIp": port.get("ip") or "", "HostPort": str(external) if external else ""}
        name = f"{port['internal']}/{port.get('protocol') or 'tcp'}"
        bindings.setdefault(name, []).append(binding)
    host |= resources(wanted)
    host |= {
        "LogConfig": {"Type": wanted.get("logDriver") or "", "Config": wanted.get("logOpts") or {}},
        "PortBindings": bindings,
        "Binds": [bind for bind in map(_bind, volumes) if bind],
        "CapAdd": capabilities.get("adds") or [],
        "CapDrop": capabilities.get("drops") or [],
    }
    networks = wanted.get("networksAdvanced") or []
    joined = {network["name"]: _endpoint(network) for network in networks}
    if joined:
        host["NetworkMode"] = next(iter(joined))
    if health := wanted.get("healthcheck"):
        config["Healthcheck"] = {
            "Test": health.get("tests") or [],
            "Retries": health.get("retries") or 0,
            **{
                key[0].upper() + key[1:]: nanoseconds(health.get(key) or "0")
                for key in _HEALTH_TIMES
            },
        }
    return {
        **config,
        "Image": wanted["image"],
        "Labels": {**labels(wanted.get("labels") or []), **own_labels},
        "ExposedPorts": {name: {} for name in bindings},
        "Volumes": {volume["containerPath"]: {} for volume in volumes},
        "HostConfig": host,
        "NetworkingConfig": {"EndpointsConfig": joined},
    }


def resources(wanted: Props) -> Props:
    """The part of a container that can be changed while it runs."""
    memory, swap = (int(wanted.get(key) or 0) for key in ("memory", "memorySwap"))
    return {
        "RestartPolicy": {"Name": wanted["restart"], "MaximumRetryCount": 0},
        "NanoCpus": round(float(wanted.get("cpus") or 0) * 10**9),
        "Memory": memory * MEBIBYTE,
        # The engine's default, said aloud: an older, smaller value would be in the way.
        "MemorySwap": swap * MEBIBYTE if swap > 0 else swap or 2 * memory * MEBIBYTE,
    }


def _endpoint(network: Mapping[str, Any]) -> Props:
    """How a container joins one of its networks."""
    api = {"ipv4Address": "IPv4Address", "ipv6Address": "IPv6Address"}
    addresses = {name: network[key] for key, name in api.items() if network.get(key)}
    return {"Aliases": network.get("aliases") or [], "IPAMConfig": addresses or None}


def _bind(volume: Props) -> str:
    source = volume.get("hostPath") or volume.get("volumeName")
    mode = "ro" if volume.get("readOnly") else "rw"
    return f"{source}:{volume['containerPath']}:{mode}" if source else ""
