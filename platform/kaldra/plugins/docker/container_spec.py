"""A container's inputs: what is allowed, what is filled in, and what the engine is told."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kaldra.plugins.docker.differences import nanoseconds
from kaldra.plugins.docker.naming import labels, name_problem, strip, with_defaults
from kaldra.plugins.provider import Failure
from kaldra.plugins.values import UNKNOWN, Props, Unknown, reveal

MEBIBYTE = 1024 * 1024

DEFAULTS: Props = {
    "attach": False,
    "containerReadRefreshTimeoutMilliseconds": 15000,
    "logs": False,
    "memoryReservation": 0,
    "mustRun": True,
    "networkMode": "bridge",
    "readOnly": False,
    "removeVolumes": True,
    "restart": "no",
    "rm": False,
    "start": True,
    "stdinOpen": False,
    "tty": False,
    "wait": False,
    "waitTimeout": 60,
}
_NESTED_DEFAULTS: dict[str, Props] = {
    "capabilities": {},
    "healthcheck": {
        "interval": "0s",
        "retries": 0,
        "startInterval": "0s",
        "startPeriod": "0s",
        "timeout": "0s",
    },
    "hosts": {},
    "labels": {},
    "networksAdvanced": {},
    "ports": {"ip": "0.0.0.0", "protocol": "tcp"},  # noqa: S104  Docker's own default
    "ulimits": {},
    "volumes": {},
}
UNORDERED = (
    "capabilities",
    "dns",
    "dnsOpts",
    "dnsSearches",
    "envs",
    "groupAdds",
    "hosts",
    "labels",
    "networksAdvanced",
    "ports",
    "securityOpts",
    "ulimits",
    "volumes",
)

IN_CONFIG = {
    "command": "Cmd",
    "domainname": "Domainname",
    "entrypoints": "Entrypoint",
    "envs": "Env",
    "hostname": "Hostname",
    "stdinOpen": "OpenStdin",
    "stopSignal": "StopSignal",
    "stopTimeout": "StopTimeout",
    "tty": "Tty",
    "user": "User",
    "workingDir": "WorkingDir",
}
IN_HOST_CONFIG = {
    "cgroupParent": "CgroupParent",
    "cgroupnsMode": "CgroupnsMode",
    "cpuPeriod": "CpuPeriod",
    "cpuQuota": "CpuQuota",
    "cpuSet": "CpusetCpus",
    "cpuShares": "CpuShares",
    "dns": "Dns",
    "dnsOpts": "DnsOptions",
    "dnsSearches": "DnsSearch",
    "groupAdds": "GroupAdd",
    "init": "Init",
    "ipcMode": "IpcMode",
    "networkMode": "NetworkMode",
    "pidMode": "PidMode",
    "privileged": "Privileged",
    "publishAllPorts": "PublishAllPorts",
    "readOnly": "ReadonlyRootfs",
    "rm": "AutoRemove",
    "runtime": "Runtime",
    "securityOpts": "SecurityOpt",
    "storageOpts": "StorageOpt",
    "sysctls": "Sysctls",
    "tmpfs": "Tmpfs",
    "usernsMode": "UsernsMode",
}
IN_MEBIBYTES = {
    "memory": "Memory",
    "memoryReservation": "MemoryReservation",
    "memorySwap": "MemorySwap",
    "shmSize": "ShmSize",
}
_BEHAVIOUR = (
    "attach",
    "containerReadRefreshTimeoutMilliseconds",
    "destroyGraceSeconds",
    "logs",
    "mustRun",
    "removeVolumes",
    "start",
    "wait",
    "waitTimeout",
)
_SPECIAL = ("cpus", "image", "logDriver", "logOpts", "maxRetryCount", "name", "platform", "restart")
SUPPORTED = frozenset(
    (*IN_CONFIG, *IN_HOST_CONFIG, *IN_MEBIBYTES, *_BEHAVIOUR, *_SPECIAL, *_NESTED_DEFAULTS)
)

IN_PLACE = frozenset(
    (
        "cpuPeriod",
        "cpuQuota",
        "cpuSet",
        "cpuShares",
        "cpus",
        "maxRetryCount",
        "memory",
        "memoryReservation",
        "memorySwap",
        "restart",
        *_BEHAVIOUR,
    )
)
"""What can change without a new container; the last ones concern the plugin alone."""


def complete(news: Props, defaults: Mapping[str, Any]) -> Props:
    """Inputs with all defaults filled in, also inside ports, health check and the like."""
    inputs = with_defaults(news, {**DEFAULTS, **defaults})
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
    """Inputs as they are worked with: every default there, no secrets, no notes."""
    return {**DEFAULTS, **reveal(strip(inputs))}


def failures(inputs: Props) -> Iterator[Failure]:
    """What cannot be right about these inputs; what is unknown yet is not judged."""
    given = plain(inputs)
    for key in sorted(set(given) - SUPPORTED):
        yield Failure(key, "is not supported by the substitute docker plugin")
    if not given.get("image"):
        yield Failure("image", "is required")
    problem = name_problem(given.get("name"))
    if problem:
        yield Failure("name", problem)
    if given["restart"] not in ("no", "on-failure", "always", "unless-stopped", UNKNOWN):
        reason = f"{given['restart']!r} is none of no, on-failure, always, unless-stopped"
        yield Failure("restart", reason)
    if not isinstance(given.get("cpus", UNKNOWN), Unknown) and not _is_number(given["cpus"]):
        yield Failure("cpus", f"{given['cpus']!r} is no number of CPUs, such as 0.5")
    yield from _nested_failures(given)


def _nested_failures(given: Props) -> Iterator[Failure]:
    health = given.get("healthcheck")
    for key in ("interval", "timeout", "startPeriod", "startInterval"):
        value = health.get(key) if isinstance(health, dict) else None
        try:
            nanoseconds(value if isinstance(value, str) else "0")
        except ValueError as error:
            yield Failure(f"healthcheck.{key}", str(error))
    for index, volume in enumerate(_entries(given, "volumes")):
        if bool(volume.get("containerPath")) == bool(volume.get("fromContainer")):
            reason = "needs either containerPath or fromContainer"
            yield Failure(f"volumes[{index}]", reason)
    for index, port in enumerate(_entries(given, "ports")):
        for key in ("internal", "external"):
            number = port.get(key, 0)
            if isinstance(number, int) and not 0 <= number <= 65535:
                yield Failure(f"ports[{index}].{key}", f"{number} is no port")


def _entries(given: Props, key: str) -> list[Props]:
    return [entry for entry in given.get(key) or [] if isinstance(entry, dict)]


def _is_number(value: Any) -> bool:
    return bool(re.fullmatch(r"\d*\.?\d+", str(value)))


def body(wanted: Props, own_labels: Mapping[str, str]) -> Props:
    """What the engine is asked to create; `wanted` are plain inputs."""
    config = {api: wanted[key] for key, api in IN_CONFIG.items() if wanted.get(key)}
    exposed, bindings = _ports(wanted.get("ports") or [])
    paths, binds, sources = _volumes(wanted.get("volumes") or [])
    capabilities = wanted.get("capabilities") or {}
    host = {api: wanted[key] for key, api in IN_HOST_CONFIG.items() if wanted.get(key)}
    host |= resources(wanted)
    host |= {
        "ShmSize": int(wanted.get("shmSize") or 0) * MEBIBYTE,
        "LogConfig": {"Type": wanted.get("logDriver") or "", "Config": wanted.get("logOpts") or {}},
        "PortBindings": bindings,
        "Binds": binds,
        "VolumesFrom": sources,
        "CapAdd": capabilities.get("adds") or [],
        "CapDrop": capabilities.get("drops") or [],
        "ExtraHosts": [f"{entry['host']}:{entry['ip']}" for entry in wanted.get("hosts") or []],
        "Ulimits": [
            {"Name": limit["name"], "Soft": limit["soft"], "Hard": limit["hard"]}
            for limit in wanted.get("ulimits") or []
        ],
    }
    if wanted.get("healthcheck"):
        config["Healthcheck"] = _health(wanted["healthcheck"])
    return {
        **config,
        "Image": wanted["image"],
        "Labels": {**labels(wanted.get("labels") or []), **own_labels},
        "ExposedPorts": exposed,
        "Volumes": paths,
        "HostConfig": host,
    }


def resources(wanted: Props) -> Props:
    """The part of a container that can be changed while it runs."""
    limits: Props = {
        "RestartPolicy": {
            "Name": wanted.get("restart") or "no",
            "MaximumRetryCount": int(wanted.get("maxRetryCount") or 0),
        },
        "NanoCpus": round(float(wanted.get("cpus") or 0) * 10**9),
        "Memory": int(wanted.get("memory") or 0) * MEBIBYTE,
        "MemoryReservation": int(wanted.get("memoryReservation") or 0) * MEBIBYTE,
    }
    swap = int(wanted.get("memorySwap") or 0)
    if swap:
        limits["MemorySwap"] = swap * MEBIBYTE if swap > 0 else swap
    if not limits["NanoCpus"]:
        limits["CpuPeriod"] = int(wanted.get("cpuPeriod") or 0)
        limits["CpuQuota"] = int(wanted.get("cpuQuota") or 0)
    return limits


def endpoint(network: Mapping[str, Any]) -> Props:
    """How a container joins one of its networks."""
    options = [option.partition("=") for option in network.get("driverOpts") or []]
    return {
        "Aliases": network.get("aliases") or [],
        "IPAMConfig": {
            "IPv4Address": network.get("ipv4Address") or "",
            "IPv6Address": network.get("ipv6Address") or "",
            "LinkLocalIPs": network.get("linkLocalIps") or [],
        },
        "MacAddress": network.get("macAddress") or "",
        "DriverOpts": {name: value for name, _, value in options},
    }


def _health(check: Mapping[str, Any]) -> Props:
    return {
        "Test": check.get("tests") or [],
        "Interval": nanoseconds(check.get("interval") or "0"),
        "Timeout": nanoseconds(check.get("timeout") or "0"),
        "StartPeriod": nanoseconds(check.get("startPeriod") or "0"),
        "StartInterval": nanoseconds(check.get("startInterval") or "0"),
        "Retries": int(check.get("retries") or 0),
    }


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


def _volumes(volumes: list[Props]) -> tuple[Props, list[str], list[str]]:
    paths: Props = {}
    binds, sources = [], []
    for volume in volumes:
        if volume.get("fromContainer"):
            sources.append(volume["fromContainer"])
            continue
        paths[volume["containerPath"]] = {}
        source = volume.get("hostPath") or volume.get("volumeName")
        if source:
            mode = ",".join(
                part
                for part in ("ro" if volume.get("readOnly") else "rw", volume.get("selinuxRelabel"))
                if part
            )
            binds.append(f"{source}:{volume['containerPath']}:{mode}")
    return paths, binds, sources
