"""The pod of a service: confined, probed, limited, spread over the nodes."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta

from kaldra.stack.kubernetes import monitoring
from kaldra.stack.kubernetes.namespace import Namespace, labels, selector
from kaldra.stack.services import LIVE_DIRECTORY, LIVE_MEBIBYTES, USER_ID, Service
from kaldra.stack.settings import Settings

DRAIN_MARGIN_SECONDS = 5
"""Time a pod gets beyond the service's own grace period before it is killed."""

LOG_MEBIBYTES = 64
"""Room for a container's logs on its node, beside its temporary files."""


def template(
    namespace: Namespace,
    service: Service,
    image: pulumi.Input[str],
    account: pulumi.Input[str],
    config_map: pulumi.Input[str],
    secrets: Mapping[str, pulumi.Input[str]],
) -> core.PodTemplateSpecArgs:
    """The template of a workload's pods, with the names of the objects that it refers to.

    `config_map` holds the container's environment; `secrets` are Secrets by volume name.
    There is no preStop hook: after SIGTERM the services go on serving while /ready fails, until
    no more requests arrive (KALDRA_DRAIN_SECONDS).
    """
    settings = namespace.settings
    return core.PodTemplateSpecArgs(
        metadata=meta.ObjectMetaArgs(
            labels=labels(service), annotations=monitoring.annotations(settings, service)
        ),
        spec=core.PodSpecArgs(
            service_account_name=account,
            automount_service_account_token=False,
            enable_service_links=False,
            termination_grace_period_seconds=service.grace_seconds + DRAIN_MARGIN_SECONDS,
            security_context=core.PodSecurityContextArgs(
                run_as_non_root=True,
                run_as_user=USER_ID,
                run_as_group=USER_ID,
                fs_group=USER_ID,
                seccomp_profile=core.SeccompProfileArgs(type="RuntimeDefault"),
            ),
            containers=[_container(service, settings, image, config_map)],
            volumes=[
                *(
                    core.VolumeArgs(
                        name=name,
                        empty_dir=core.EmptyDirVolumeSourceArgs(size_limit=f"{mebibytes}Mi"),
                    )
                    for name, _, mebibytes in _writable(service, settings)
                ),
                *(
                    core.VolumeArgs(
                        name=name,
                        secret=core.SecretVolumeSourceArgs(secret_name=secret, default_mode=0o440),
                    )
                    for name, secret in secrets.items()
                ),
            ],
            image_pull_secrets=namespace.pull_secrets,
            topology_spread_constraints=_spread(service) if settings.scaled else None,
            affinity=_affinity(service) if settings.scaled else None,
        ),
    )


def _container(
    service: Service,
    settings: Settings,
    image: pulumi.Input[str],
    config_map: pulumi.Input[str],
) -> core.ContainerArgs:
    environment = core.ConfigMapEnvSourceArgs(name=config_map)
    return core.ContainerArgs(
        name=service.name,
        image=image,
        # Images are referenced by digest, so a cached one is never stale.
        image_pull_policy="IfNotPresent",
        command=service.command(settings),
        ports=[
            core.ContainerPortArgs(name=name, container_port=port, protocol="TCP")
            for name, port in service.ports(settings).items()
        ],
        env_from=[core.EnvFromSourceArgs(config_map_ref=environment)],
        resources=_resources(service, settings),
        security_context=core.SecurityContextArgs(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=core.CapabilitiesArgs(drop=["ALL"]),
        ),
        startup_probe=_probe(service.ready_path, period=1, failures=60),
        readiness_probe=_probe(service.ready_path, period=2, failures=1),
        # Slow on purpose: a busy service must not be restarted.
        liveness_probe=_probe(service.live_path, period=10, failures=6),
        volume_mounts=[
            *(
                core.VolumeMountArgs(name=name, mount_path=path)
                for name, path, _ in _writable(service, settings)
            ),
            *(
                core.VolumeMountArgs(name=name, mount_path=directory, read_only=True)
                for name, directory in service.secret_directories.items()
            ),
        ],
    )


def _writable(service: Service, settings: Settings) -> list[tuple[str, str, int]]:
    """Name, path and size in MiB of each writable folder; all are empty in a new pod."""
    folders = [("tmp", "/tmp", service.tmp_mebibytes)]  # noqa: S108  its own
    return folders + [("live", LIVE_DIRECTORY, LIVE_MEBIBYTES)] * settings.takes_live_code


def disk_mebibytes(service: Service, settings: Settings) -> int:
    """What a pod is expected to write on its node; its limit is twice as much."""
    return sum(size for _, _, size in _writable(service, settings)) + LOG_MEBIBYTES


def amounts(millicores: int, memory: int, disk: int) -> dict[str, str]:
    """Amounts of resources, memory and disk in MiB, as Kubernetes writes them."""
    return {"cpu": f"{millicores}m", "memory": f"{memory}Mi", "ephemeral-storage": f"{disk}Mi"}


def _resources(service: Service, settings: Settings) -> core.ResourceRequirementsArgs:
    given, disk = settings.services[service.key].resources, disk_mebibytes(service, settings)
    return core.ResourceRequirementsArgs(
        requests=amounts(given.cpu_request, given.memory_request, disk),
        limits=amounts(given.cpu_limit, given.memory_limit, 2 * disk),
    )


def _probe(path: str, *, period: int, failures: int) -> core.ProbeArgs:
    return core.ProbeArgs(
        http_get=core.HTTPGetActionArgs(path=path, port="http", scheme="HTTP"),
        period_seconds=period,
        failure_threshold=failures,
        timeout_seconds=2,
    )


def _spread(service: Service) -> list[core.TopologySpreadConstraintArgs]:
    """Prefer nodes and zones with fewer pods of the same release.

    Preferred, not required: while a node is drained the others take its pods.
    """
    return [
        core.TopologySpreadConstraintArgs(
            max_skew=1,
            topology_key=key,
            when_unsatisfiable="ScheduleAnyway",
            label_selector=selector(service),
            match_label_keys=["pod-template-hash"],
        )
        for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    ]


def _affinity(service: Service) -> core.AffinityArgs:
    pods = core.PodAffinityTermArgs(
        topology_key="kubernetes.io/hostname",
        label_selector=selector(service),
    )
    term = core.WeightedPodAffinityTermArgs(weight=100, pod_affinity_term=pods)
    return core.AffinityArgs(
        pod_anti_affinity=core.PodAntiAffinityArgs(
            preferred_during_scheduling_ignored_during_execution=[term]
        )
    )
