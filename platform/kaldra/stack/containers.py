"""The platform on Docker alone: one network, two containers."""

from collections.abc import Mapping
from typing import Any

import pulumi

from kaldra import dotenv
from kaldra.stack import secrets, services
from kaldra.stack.images import Images
from kaldra.stack.resources import DockerResource
from kaldra.stack.services import USER_ID, Service
from kaldra.stack.settings import Settings

LOG_MEGABYTES = 10
LOG_FILES = 3
HEALTHY_SECONDS = 60
PROBE_SECONDS = 3
"""Each probe is a process in the container: soon enough to tell, seldom enough to cost little."""


def deploy(settings: Settings, images: Images) -> None:
    """Declare the network and both containers; only the gateway is published, on loopback."""
    network = Network(
        "Network",
        "kaldra",
        {
            "name": settings.namespace,
            "labels": [{"label": "io.kaldra.stack", "value": pulumi.get_stack()}],
        },
    )
    # Neither waits for the other: the gateway serves without a core, and says so.
    _container(services.core(settings), images.core, network, prefix=settings.namespace)
    _container(
        services.api(settings),
        images.api,
        network,
        prefix=settings.namespace,
        published=settings.api_port,
        mounted={"api-keys": secrets.api_keys(settings)},
    )


class Network(DockerResource):
    """A Docker network."""

    name: pulumi.Output[str]


def _container(
    spec: Service,
    image: pulumi.Input[str],
    network: Network,
    *,
    prefix: str,
    published: int | None = None,
    mounted: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    resources = spec.resources
    environment = {**dotenv.for_container(spec.name), **spec.environment}
    content = {
        "name": services.container_name(spec.name, prefix),
        "image": image,
        "user": f"{USER_ID}:{USER_ID}",
        "envs": [f"{key}={value}" for key, value in sorted(environment.items())],
        "ports": _ports(spec, published),
        "networksAdvanced": [{"name": network.name, "aliases": [spec.name]}],
        "volumes": _volumes(spec, mounted or {}),
        "readOnly": True,
        "tmpfs": {"/tmp": f"size={spec.tmp_mebibytes}m,mode=1777"},  # noqa: S108  the container's
        "capabilities": {"drops": ["ALL"]},
        "securityOpts": ["no-new-privileges:true"],
        "memory": resources.memory_limit,
        # Docker's own default, said aloud; and "1.0", not "1": both are what is read back.
        "memorySwap": 2 * resources.memory_limit,
        "cpus": str(resources.cpu_limit / 1000),
        "healthcheck": _health(spec),
        "wait": True,
        "waitTimeout": HEALTHY_SECONDS,
        "restart": "unless-stopped",
        "destroyGraceSeconds": spec.grace_seconds,
        "mustRun": True,
        "logDriver": "json-file",
        "logOpts": {"max-size": f"{LOG_MEGABYTES}m", "max-file": str(LOG_FILES)},
    }
    opts = pulumi.ResourceOptions(delete_before_replace=True)
    DockerResource("Container", spec.name, content, opts)


def _ports(spec: Service, published: int | None) -> list[dict[str, Any]]:
    if published is None:
        return []
    return [{"internal": spec.port, "external": published, "ip": "127.0.0.1", "protocol": "tcp"}]


def _health(spec: Service) -> dict[str, Any]:
    # Without the site packages' start-up, which would cost more than the question itself.
    probe = (
        f"import socket; c = socket.create_connection(('127.0.0.1', {spec.port}), 2); "
        f"c.sendall(b'GET {spec.ready_path} HTTP/1.0\\r\\n\\r\\n'); "
        "raise SystemExit(b' 200 ' not in c.recv(64))"
    )
    return {
        "tests": ["CMD", "python3", "-IS", "-c", probe],
        "interval": f"{PROBE_SECONDS}s",
        "timeout": "3s",
        "startPeriod": "30s",
        "retries": 3,
    }


def _volumes(spec: Service, entries: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """Secrets reach the container as mounted files, never as environment."""
    return [
        {
            "hostPath": str(secrets.as_directory(name, entries[name])),
            "containerPath": directory,
            "readOnly": True,
        }
        for name, directory in spec.secret_directories.items()
    ]
