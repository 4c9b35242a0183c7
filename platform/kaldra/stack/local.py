"""The platform on Docker: one network, two containers."""

from collections.abc import Mapping

import pulumi
import pulumi_docker as docker

from kaldra.stack import dotenv, secrets
from kaldra.stack.services import LIVE_DIRECTORY, LIVE_MEBIBYTES, SERVICES, USER_ID, Service
from kaldra.stack.settings import Settings

LOG_MEGABYTES = 10
LOG_FILES = 3
HEALTHY_SECONDS = 60
PROBE_SECONDS = 3
"""Interval of the health check: each one starts a process in the container."""


def deploy(settings: Settings, images: Mapping[str, pulumi.Input[str]]) -> None:
    """Declare the network and all containers; `images` by service name.

    Only the gateway is published, on loopback.
    """
    network = docker.Network(
        "kaldra",
        name=settings.namespace,
        labels=[docker.NetworkLabelArgs(label="io.kaldra.stack", value=pulumi.get_stack())],
    )
    # Independent of each other: without a core the gateway serves and reports it.
    for service in SERVICES:
        _container(service, images[service.name], network, settings)


def _container(
    service: Service, image: pulumi.Input[str], network: docker.Network, settings: Settings
) -> None:
    resources, contents = settings.services[service.key].resources, secrets.contents(settings)
    environment = dotenv.for_container(service) | service.variables(settings)
    published = docker.ContainerPortArgs(
        internal=service.port, external=settings.api_port, ip="127.0.0.1", protocol="tcp"
    )
    # Folders in memory, empty at each start.
    writable = {"/tmp": f"size={service.tmp_mebibytes}m,mode=1777"}  # noqa: S108  its own
    if settings.takes_live_code:
        owner = f"uid={USER_ID},gid={USER_ID}"
        writable[LIVE_DIRECTORY] = f"size={LIVE_MEBIBYTES}m,mode=0700,{owner}"
    docker.Container(
        service.name,
        name=service.container_name(settings.namespace),
        image=image,
        command=service.command(settings),
        user=f"{USER_ID}:{USER_ID}",
        envs=[f"{key}={value}" for key, value in sorted(environment.items())],
        ports=[published] * service.exposed,
        networks_advanced=[
            docker.ContainerNetworksAdvancedArgs(name=network.name, aliases=[service.name])
        ],
        # Secrets reach the container as mounted files, never as environment.
        volumes=[
            docker.ContainerVolumeArgs(
                host_path=str(secrets.as_directory(name, contents[name])),
                container_path=directory,
                read_only=True,
            )
            for name, directory in service.secret_directories.items()
        ],
        read_only=True,
        tmpfs=writable,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        memory=resources.memory_limit,
        # Docker's defaults as it reports them ("1.0", not "1"), so that a refresh sees no drift.
        memory_swap=2 * resources.memory_limit,
        cpus=str(resources.cpu_limit / 1000),
        healthcheck=_health(service),
        wait=True,
        wait_timeout=HEALTHY_SECONDS,
        restart="unless-stopped",
        destroy_grace_seconds=service.grace_seconds,
        must_run=True,
        log_driver="json-file",
        log_opts={"max-size": f"{LOG_MEGABYTES}m", "max-file": str(LOG_FILES)},
        opts=pulumi.ResourceOptions(delete_before_replace=True),
    )


def _health(service: Service) -> docker.ContainerHealthcheckArgs:
    # -IS skips the site packages, whose start-up would cost more than the request itself.
    probe = (
        f"import socket; c = socket.create_connection(('127.0.0.1', {service.port}), 2); "
        f"c.sendall(b'GET {service.ready_path} HTTP/1.0\\r\\n\\r\\n'); "
        "raise SystemExit(b' 200 ' not in c.recv(64))"
    )
    return docker.ContainerHealthcheckArgs(
        tests=["CMD", "python3", "-IS", "-c", probe],
        interval=f"{PROBE_SECONDS}s",
        timeout="3s",
        start_period="30s",
        retries=3,
    )
