"""What the objects of a stack have to say together."""

import re
from collections.abc import Callable, Iterator, Sequence

from kaldra.rules.objects import (
    LONG_RUNNING,
    Object,
    Pod,
    entry,
    kind_of,
    name_of,
    namespace_of,
    pod_of,
    selects,
)

FEWEST_PODS = 2
LIVE = "serving.reload"
"""The module that lets running containers take changed code."""

Found = Iterator[tuple[Object, str]]
Objects = Sequence[Object]

_OWN_MACHINE = re.compile(r"^(localhost|127\.[0-9.]+|\[::1\])(:\d+)?/")


def is_released(objects: Objects) -> bool:
    """Whether others use them: an image comes from elsewhere than this machine's registry."""
    return any(
        not _OWN_MACHINE.match(str(container.get("image") or ""))
        for _, pod in _workloads(objects)
        for _, container in pod.containers()
    )


def _of(objects: Objects, *kinds: str) -> list[Object]:
    return [obj for obj in objects if kind_of(obj) in kinds]


def _workloads(objects: Objects, *kinds: str) -> Iterator[tuple[Object, Pod]]:
    for obj in _of(objects, *kinds) if kinds else objects:
        if (pod := pod_of(obj)) is not None:
            yield obj, pod


def _beside(obj: Object, objects: Objects, kind: str) -> list[Object]:
    """Objects of a kind in the namespace of another."""
    return [o for o in _of(objects, kind) if namespace_of(o) == namespace_of(obj)]


def _restricted_namespace(objects: Objects) -> Found:
    spaces = {name_of(obj): obj for obj in _of(objects, "Namespace")}
    for obj, _ in _workloads(objects):
        labels = entry(spaces.get(namespace_of(obj)), "metadata", "labels")
        if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
            yield obj, f"nothing enforces Pod Security restricted in namespace {namespace_of(obj)}"


def _default_deny(objects: Objects) -> Found:
    for obj, _ in _workloads(objects):
        policies = [entry(p, "spec") for p in _beside(obj, objects, "NetworkPolicy")]
        for direction in ("Ingress", "Egress"):
            denied = any(
                not entry(spec, "podSelector")
                and direction in (spec.get("policyTypes") or ())
                and not spec.get(direction.lower())
                for spec in policies
            )
            if not denied:
                yield obj, f"no NetworkPolicy denies {direction} to every pod beside it by default"


def _narrow_egress(objects: Objects) -> Found:
    for policy in _of(objects, "NetworkPolicy"):
        for rule in entry(policy, "spec").get("egress") or ():
            blocks = [entry(peer, "ipBlock").get("cidr") for peer in rule.get("to") or ()]
            if not rule.get("to") or {"0.0.0.0/0", "::/0"} & set(blocks):
                yield policy, "it lets pods talk to everywhere"


def _narrow_ingress(objects: Objects) -> Found:
    for policy in _of(objects, "NetworkPolicy"):
        for rule in entry(policy, "spec").get("ingress") or ():
            if not rule.get("from"):
                yield policy, "it lets everybody talk to its pods"


def _scalers(obj: Object, objects: Objects) -> list[Object]:
    return [
        scaler
        for scaler in _beside(obj, objects, "HorizontalPodAutoscaler")
        if entry(scaler, "spec", "scaleTargetRef").get("kind") == kind_of(obj)
        and entry(scaler, "spec", "scaleTargetRef").get("name") == name_of(obj)
    ]


def _replicas_with_autoscaler(objects: Objects) -> Found:
    for obj, _ in _workloads(objects, "Deployment", "StatefulSet"):
        if entry(obj, "spec").get("replicas") is not None and _scalers(obj, objects):
            yield obj, "both it and an autoscaler set the number of its pods"


def _min_replicas(objects: Objects) -> Found:
    for obj, _ in _workloads(objects, "Deployment", "StatefulSet"):
        fewest = [entry(s, "spec").get("minReplicas") or 1 for s in _scalers(obj, objects)]
        if min(fewest or [entry(obj, "spec").get("replicas") or 1]) < FEWEST_PODS:
            yield obj, f"it may have fewer than {FEWEST_PODS} pods"


def _scaled(objects: Objects) -> Found:
    for obj, _ in _workloads(objects, "Deployment"):
        if not _scalers(obj, objects):
            yield obj, "no HorizontalPodAutoscaler follows its load"


def _disruption(objects: Objects) -> Found:
    for obj, pod in _workloads(objects, "Deployment", "StatefulSet"):
        budgets = [
            entry(budget, "spec")
            for budget in _beside(obj, objects, "PodDisruptionBudget")
            if selects(entry(budget, "spec", "selector"), pod)
        ]
        if not budgets:
            yield obj, "no PodDisruptionBudget keeps a drain from taking all of its pods"
        for budget in budgets:
            if str(budget.get("maxUnavailable")) in ("0", "0.0", "0%"):
                yield obj, "its PodDisruptionBudget lets no node be drained"
            if str(budget.get("maxUnavailable")) == "100%":
                yield obj, "its PodDisruptionBudget lets all of its pods go at once"


def _spread(objects: Objects) -> Found:
    for obj, pod in _workloads(objects, "Deployment", "StatefulSet"):
        keys = [c.get("topologyKey") for c in pod.spec.get("topologySpreadConstraints") or ()]
        if "kubernetes.io/hostname" not in keys:
            yield obj, "nothing spreads its pods over nodes: no topologySpreadConstraints"


def _max_unavailable(objects: Objects) -> Found:
    for obj in _of(objects, "Deployment"):
        strategy = entry(obj, "spec", "strategy")
        unavailable = entry(strategy, "rollingUpdate").get("maxUnavailable")
        if strategy.get("type") == "Recreate" or unavailable not in (0, "0", "0%"):
            problem = "a release takes pods away before their successors serve"
            yield obj, f"{problem}: rollingUpdate.maxUnavailable is not 0"


def _namespace_quota(objects: Objects) -> Found:
    for kind in ("ResourceQuota", "LimitRange"):
        for obj, _ in _workloads(objects, *LONG_RUNNING):
            if not _beside(obj, objects, kind):
                yield obj, f"namespace {namespace_of(obj)} has no {kind}"


def _node_port(objects: Objects) -> Found:
    for service in _of(objects, "Service"):
        if entry(service, "spec").get("type") == "NodePort":
            yield service, "every node serves it, past the ingress and its TLS"


def _live(objects: Objects) -> Found:
    for obj, pod in _workloads(objects):
        for name, container in pod.containers():
            if LIVE in [*(container.get("command") or ()), *(container.get("args") or ())]:
                yield obj, f"container {name} takes other code than its image's: kaldra:live"


RULES: dict[str, Callable[[Objects], Found]] = {
    "restricted-namespace": _restricted_namespace,
    "default-deny": _default_deny,
    "narrow-egress": _narrow_egress,
    "no-replicas-with-autoscaler": _replicas_with_autoscaler,
    "max-unavailable-zero": _max_unavailable,
}
RELEASED_RULES: dict[str, Callable[[Objects], Found]] = {
    "narrow-ingress": _narrow_ingress,
    "no-node-port": _node_port,
    "min-replicas": _min_replicas,
    "autoscaler": _scaled,
    "disruption-budget": _disruption,
    "spread": _spread,
    "namespace-quota": _namespace_quota,
    "no-live-code": _live,
}
"""What holds only for what others use, and not for what runs on a developer's machine."""
