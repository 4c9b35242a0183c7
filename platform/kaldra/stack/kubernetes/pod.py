"""The pod of a service: confined, probed, limited, spread over the nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from kaldra.stack.kubernetes import labels, monitoring
from kaldra.stack.services import LIVE_DIRECTORY, LIVE_MEBIBYTES, USER_ID, Service, ServiceSpec
from kaldra.stack.settings import Settings

DRAIN_MARGIN_SECONDS = 5
"""Time a pod gets beyond the service's own grace period before it is killed."""

LOG_MEBIBYTES = 64
"""Room for a container's logs on its node, beside its temporary files."""


@dataclass(frozen=True)
class WorkloadArgs:
    """Inputs of a `Workload` and its pods."""

    service: ServiceSpec
    settings: Settings
    image: pulumi.Input[str]
    namespace: pulumi.Input[str]
    secrets: Mapping[str, pulumi.Input[Mapping[str, str]]]
    """Entries of each secret in the service's `secret_directories`."""
    pull_secret: pulumi.Input[str] | None
    depends_on: Sequence[pulumi.Resource]
    """What must exist before the first pod."""


def pod_template(
    args: WorkloadArgs,
    account: pulumi.Input[str],
    config_map: pulumi.Input[str],
    secrets: Mapping[str, pulumi.Input[str]],
) -> k8s.core.v1.PodTemplateSpecArgs:
    """The template of a workload's pods, with the names of the objects that it refers to.

    `config_map` holds the container's environment; `secrets` are Secrets by volume name.
    There is no preStop hook: after SIGTERM the services go on serving while /ready fails, until
    no more requests arrive (KALDRA_DRAIN_SECONDS).
    """
    service = args.service
    return k8s.core.v1.PodTemplateSpecArgs(
        metadata=k8s.meta.v1.ObjectMetaArgs(
            labels=labels.of_service(service.name),
            annotations=monitoring.annotations(args.settings, service) or None,
        ),
        spec=k8s.core.v1.PodSpecArgs(
            service_account_name=account,
            automount_service_account_token=False,
            enable_service_links=False,
            termination_grace_period_seconds=service.grace_seconds + DRAIN_MARGIN_SECONDS,
            security_context=k8s.core.v1.PodSecurityContextArgs(
                run_as_non_root=True,
                run_as_user=USER_ID,
                run_as_group=USER_ID,
                fs_group=USER_ID,
                seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
            ),
            containers=[_container(service, args.image, config_map)],
            volumes=[
                *(_empty_volume(*volume) for volume in _writable(service)),
                *(_secret_volume(name, secret) for name, secret in secrets.items()),
            ],
            image_pull_secrets=None
            if args.pull_secret is None
            else [k8s.core.v1.LocalObjectReferenceArgs(name=args.pull_secret)],
            topology_spread_constraints=_spread(service) if args.settings.scaled else None,
            affinity=_affinity(service) if args.settings.scaled else None,
        ),
    )


def _container(
    service: ServiceSpec, image: pulumi.Input[str], config_map: pulumi.Input[str]
) -> k8s.core.v1.ContainerArgs:
    return k8s.core.v1.ContainerArgs(
        name=service.name,
        image=image,
        # Images are referenced by digest, so a cached one is never stale.
        image_pull_policy="IfNotPresent",
        command=service.command,
        ports=[
            k8s.core.v1.ContainerPortArgs(name=name, container_port=port, protocol="TCP")
            for name, port in service.ports.items()
        ],
        env_from=[
            k8s.core.v1.EnvFromSourceArgs(
                config_map_ref=k8s.core.v1.ConfigMapEnvSourceArgs(name=config_map)
            )
        ],
        resources=_resources(service),
        security_context=k8s.core.v1.SecurityContextArgs(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"]),
        ),
        startup_probe=_probe(service.ready_path, period=1, failures=60),
        readiness_probe=_probe(service.ready_path, period=2, failures=1),
        # Slow on purpose: a busy service must not be restarted.
        liveness_probe=_probe(service.live_path, period=10, failures=6),
        volume_mounts=[
            *(
                k8s.core.v1.VolumeMountArgs(name=name, mount_path=path)
                for name, path, _ in _writable(service)
            ),
            *(
                k8s.core.v1.VolumeMountArgs(name=name, mount_path=directory, read_only=True)
                for name, directory in service.secret_directories.items()
            ),
        ],
    )


def _writable(service: ServiceSpec) -> list[tuple[str, str, int]]:
    """Name, path and size in MiB of each writable folder; all are empty in a new pod."""
    folders = [("tmp", "/tmp", service.tmp_mebibytes)]  # noqa: S108  its own
    return folders + [("live", LIVE_DIRECTORY, LIVE_MEBIBYTES)] * service.live


def _empty_volume(name: str, _path: str, mebibytes: int) -> k8s.core.v1.VolumeArgs:
    source = k8s.core.v1.EmptyDirVolumeSourceArgs(size_limit=f"{mebibytes}Mi")
    return k8s.core.v1.VolumeArgs(name=name, empty_dir=source)


def _secret_volume(name: str, secret: pulumi.Input[str]) -> k8s.core.v1.VolumeArgs:
    source = k8s.core.v1.SecretVolumeSourceArgs(secret_name=secret, default_mode=0o440)
    return k8s.core.v1.VolumeArgs(name=name, secret=source)


def _resources(service: ServiceSpec) -> k8s.core.v1.ResourceRequirementsArgs:
    given = service.resources
    disk = sum(size for _, _, size in _writable(service)) + LOG_MEBIBYTES
    return k8s.core.v1.ResourceRequirementsArgs(
        requests={
            "cpu": f"{given.cpu_request}m",
            "memory": f"{given.memory_request}Mi",
            "ephemeral-storage": f"{disk}Mi",
        },
        limits={
            "cpu": f"{given.cpu_limit}m",
            "memory": f"{given.memory_limit}Mi",
            "ephemeral-storage": f"{2 * disk}Mi",
        },
    )


def _probe(path: str, *, period: int, failures: int) -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port="http", scheme="HTTP"),
        period_seconds=period,
        failure_threshold=failures,
        timeout_seconds=2,
    )


def _spread(service: Service) -> list[k8s.core.v1.TopologySpreadConstraintArgs]:
    """Prefer nodes and zones with fewer pods of the same release.

    Preferred, not required: while a node is drained the others take its pods.
    """
    return [
        k8s.core.v1.TopologySpreadConstraintArgs(
            max_skew=1,
            topology_key=key,
            when_unsatisfiable="ScheduleAnyway",
            label_selector=_selector(service),
            match_label_keys=["pod-template-hash"],
        )
        for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    ]


def _affinity(service: Service) -> k8s.core.v1.AffinityArgs:
    term = k8s.core.v1.WeightedPodAffinityTermArgs(
        weight=100,
        pod_affinity_term=k8s.core.v1.PodAffinityTermArgs(
            topology_key="kubernetes.io/hostname", label_selector=_selector(service)
        ),
    )
    return k8s.core.v1.AffinityArgs(
        pod_anti_affinity=k8s.core.v1.PodAntiAffinityArgs(
            preferred_during_scheduling_ignored_during_execution=[term]
        )
    )


def _selector(service: Service) -> k8s.meta.v1.LabelSelectorArgs:
    return k8s.meta.v1.LabelSelectorArgs(match_labels=labels.selector(service.name))
