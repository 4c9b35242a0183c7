"""A container's inputs: which are supported, their defaults, and the engine's form of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.provider.experimental.provider import CheckFailure

from kaldra.docker_provider.differences import nanoseconds
from kaldra.docker_provider.resource import labels, name_failures, with_defaults
from kaldra.docker_provider.values import UNKNOWN, Props, strip

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
    "capabilities": {},
    "healthcheck": {"retries": 0, **dict.fromkeys(_HEALTH_TIMES, "0s")},
    "labels": {},
    "networksAdvanced": {},
    "ports": {"ip": "0.0.0.0", "protocol": "tcp"},  # noqa: S104  Docker's own default
    "volumes": {},
}


def _words(text: str) -> list[str]:
    return text.split()


UNORDERED = _words(
    "capabilities dns envs groupAdds labels networksAdvanced ports securityOpts volumes"
)
IN_CONFIG = {"command": "Cmd", "entrypoints": "Entrypoint", "envs": "Env", "stdinOpen": "OpenStdin"}
IN_HOST_CONFIG = {
    "groupAdds": "GroupAdd",
    "readOnly": "ReadonlyRootfs",
    "rm": "AutoRemove",
    "securityOpts": "SecurityOpt",
}
for _key in _words("domainname hostname stopSignal stopTimeout tty user workingDir"):
    IN_CONFIG[_key] = _key[0].upper() + _key[1:]
for _key in _words(
    "cgroupParent cgroupnsMode dns init ipcMode networkMode pidMode "
    "privileged publishAllPorts runtime sysctls tmpfs usernsMode"
):
    IN_HOST_CONFIG[_key] = _key[0].upper() + _key[1:]
_BEHAVIOUR = _words(
    "containerReadRefreshTimeoutMilliseconds destroyGraceSeconds mustRun removeVolumes start wait "
    "waitTimeout"
)
"""Inputs that concern this plugin alone."""
_CFS = ("CpuPeriod", "CpuQuota")
_LIMITS = _words(
    "cpuPeriod cpuQuota cpuSet cpuShares cpus maxRetryCount memory memoryReservation memorySwap "
    "restart"
)
IN_PLACE = frozenset((*_LIMITS, *_BEHAVIOUR))
"""What can change without a new container."""
SUPPORTED = frozenset((*IN_CONFIG, *IN_HOST_CONFIG, *IN_PLACE, *_NESTED_DEFAULTS)) | {
    *_words("image logDriver logOpts name platform shmSize")
}


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


def plain(inputs: Props) -> Props:
    """Inputs with every default, without notes."""
    return {**DEFAULTS, **strip(inputs)}


def failures(inputs: Props) -> Iterator[CheckFailure]:
    """What is wrong with these inputs; values that are unknown yet are not checked."""
    given = plain(inputs)
    for key in sorted(key for key in set(given) - SUPPORTED if given[key]):
        yield CheckFailure(key, "is not supported by the substitute docker plugin")
    if not given.get("image"):
        yield CheckFailure("image", "is required")
    yield from name_failures(inputs)
    health = given.get("healthcheck")
    for key in _HEALTH_TIMES:
        value = health.get(key) if isinstance(health, dict) else None
        try:
            nanoseconds("0" if value in (None, UNKNOWN) else str(value))
        except ValueError as error:
            yield CheckFailure(f"healthcheck.{key}", str(error))


def body(wanted: Props, own_labels: Mapping[str, str]) -> Props:
    """Body of the engine's create request; `wanted` are plain inputs."""
    config = {api: wanted[key] for key, api in IN_CONFIG.items() if wanted.get(key)}
    exposed, bindings = _ports(wanted.get("ports") or [])
    volumes = wanted.get("volumes") or []
    capabilities = wanted.get("capabilities") or {}
    host = {api: wanted[key] for key, api in IN_HOST_CONFIG.items() if wanted.get(key)}
    host |= resources(wanted)
    host |= {
        "ShmSize": int(wanted.get("shmSize") or 0) * MEBIBYTE,
        "LogConfig": {"Type": wanted.get("logDriver") or "", "Config": wanted.get("logOpts") or {}},
        "PortBindings": bindings,
        "Binds": [bind for bind in map(_bind, volumes) if bind],
        "CapAdd": capabilities.get("adds") or [],
        "CapDrop": capabilities.get("drops") or [],
    }
    if wanted.get("healthcheck"):
        config["Healthcheck"] = _health(wanted["healthcheck"])
    return {
        **config,
        "Image": wanted["image"],
        "Labels": {**labels(wanted.get("labels") or []), **own_labels},
        "ExposedPorts": exposed,
        "Volumes": {volume["containerPath"]: {} for volume in volumes},
        "HostConfig": host,
    }


def resources(wanted: Props) -> Props:
    """The part of a container that can be changed while it runs."""
    memory, swap = (int(wanted.get(key) or 0) for key in ("memory", "memorySwap"))
    policy = {"Name": wanted["restart"], "MaximumRetryCount": int(wanted.get("maxRetryCount") or 0)}
    limits: Props = {
        "RestartPolicy": policy,
        "NanoCpus": round(float(wanted.get("cpus") or 0) * 10**9),
        "Memory": memory * MEBIBYTE,
        "MemoryReservation": int(wanted.get("memoryReservation") or 0) * MEBIBYTE,
        # The engine's default, said aloud: an older, smaller value would be in the way.
        "MemorySwap": swap * MEBIBYTE if swap > 0 else swap or 2 * memory * MEBIBYTE,
        "CpuShares": int(wanted.get("cpuShares") or 0),
        "CpusetCpus": wanted.get("cpuSet") or "",
    }
    if not limits["NanoCpus"]:
        limits |= {key: int(wanted.get(key[0].lower() + key[1:]) or 0) for key in _CFS}
    return limits


def endpoint(network: Mapping[str, Any]) -> Props:
    """How a container joins one of its networks: arguments of `connect_container_to_network`."""
    names = {"aliases": "aliases", "ipv4Address": "ipv4_address", "ipv6Address": "ipv6_address"}
    return {name: network[key] for key, name in names.items() if network.get(key)}


def _health(check: Mapping[str, Any]) -> Props:
    times = {key[0].upper() + key[1:]: nanoseconds(check.get(key) or "0") for key in _HEALTH_TIMES}
    return {"Test": check.get("tests") or [], "Retries": check.get("retries") or 0, **times}


def _ports(ports: list[Props]) -> tuple[Props, Props]:
    exposed: Props = {}
    bindings: Props = {}
    for port in ports:
        name = f"{port['internal']}/{port.get('protocol') or 'tcp'}"
        exposed[name] = {}
        external = port.get("external")
        bindings.setdefault(name, []).append(
            {"HostIp": port.get("ip") or "", "HostPort": str(external) if external else ""}
        )
    return exposed, bindings


def _bind(volume: Props) -> str:
    source = volume.get("hostPath") or volume.get("volumeName")
    mode = "ro" if volume.get("readOnly") else "rw"
    return f"{source}:{volume['containerPath']}:{mode}" if source else ""
