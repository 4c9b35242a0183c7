"""What the objects of a stack have to say together."""

import re
from collections.abc import Iterator, Sequence

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

Found = Iterator[tuple[Object, str, str]]
"""The object, name of the rule, and what is wrong."""
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


def faults(objects: Objects) -> Found:
    """What is wrong with these objects, which are all that a stack consists of.

    Some rules hold only for what others use, and not for what runs on a developer's machine.
    """
    yield from _confinement(objects)
    yield from _rollouts(objects)
    if is_released(objects):
        yield from _isolation(objects)
        yield from _availability(objects)


def _confinement(objects: Objects) -> Found:
    spaces = {name_of(obj): obj for obj in _of(objects, "Namespace")}
    for obj, _ in _workloads(objects):
        labels = entry(spaces.get(namespace_of(obj)), "metadata", "labels")
        if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
            message = f"nothing enforces Pod Security restricted in namespace {namespace_of(obj)}"
            yield obj, "restricted-namespace", message
        for direction in ("Ingress", "Egress"):
            if not any(_denies(p, direction) for p in _beside(obj, objects, "NetworkPolicy")):
                message = f"no NetworkPolicy denies {direction} to every pod beside it by default"
                yield obj, "default-deny", message
    for policy in _of(objects, "NetworkPolicy"):
        for rule in entry(policy, "spec").get("egress") or ():
            blocks = [entry(peer, "ipBlock").get("cidr") for peer in rule.get("to") or ()]
            if not rule.get("to") or {"0.0.0.0/0", "::/0"} & set(blocks):
                yield policy, "narrow-egress", "it lets pods talk to everywhere"


def _rollouts(objects: Objects) -> Found:
    for obj, _ in _workloads(objects, "Deployment", "StatefulSet"):
        if entry(obj, "spec").get("replicas") is not None and _scalers(obj, objects):
            message = "both it and an autoscaler set the number of its pods"
            yield obj, "no-replicas-with-autoscaler", message
    for obj in _of(objects, "Deployment"):
        strategy = entry(obj, "spec", "strategy")
        unavailable = entry(strategy, "rollingUpdate").get("maxUnavailable")
        if strategy.get("type") == "Recreate" or unavailable not in (0, "0", "0%"):
            problem = "a release takes pods away before their successors serve"
            message = f"{problem}: rollingUpdate.maxUnavailable is not 0"
            yield obj, "max-unavailable-zero", message


def _isolation(objects: Objects) -> Found:
    for policy in _of(objects, "NetworkPolicy"):
        for rule in entry(policy, "spec").get("ingress") or ():
            if not rule.get("from"):
                yield policy, "narrow-ingress", "it lets everybody talk to its pods"
    for service in _of(objects, "Service"):
        if entry(service, "spec").get("type") == "NodePort":
            yield service, "no-node-port", "every node serves it, past the ingress and its TLS"
    for obj, pod in _workloads(objects):
        for name, container in pod.containers():
            if LIVE in [*(container.get("command") or ()), *(container.get("args") or ())]:
                message = f"container {name} takes other code than its image's: kaldra:live"
                yield obj, "no-live-code", message


def _availability(objects: Objects) -> Found:
    for obj, pod in _workloads(objects, "Deployment", "StatefulSet"):
        scalers = _scalers(obj, objects)
        fewest = [entry(s, "spec").get("minReplicas") or 1 for s in scalers]
        if min(fewest or [entry(obj, "spec").get("replicas") or 1]) < FEWEST_PODS:
            yield obj, "min-replicas", f"it may have fewer than {FEWEST_PODS} pods"
        if kind_of(obj) == "Deployment" and not scalers:
            yield obj, "autoscaler", "no HorizontalPodAutoscaler follows its load"
        keys = [c.get("topologyKey") for c in pod.spec.get("topologySpreadConstraints") or ()]
        if "kubernetes.io/hostname" not in keys:
            message = "nothing spreads its pods over nodes: no topologySpreadConstraints"
            yield obj, "spread", message
        for message in _disruption(obj, pod, objects):
            yield obj, "disruption-budget", message
    for obj, _ in _workloads(objects, *LONG_RUNNING):
        for kind in ("ResourceQuota", "LimitRange"):
            if not _beside(obj, objects, kind):
                yield obj, "namespace-quota", f"namespace {namespace_of(obj)} has no {kind}"


def _denies(policy: Object, direction: str) -> bool:
    """Whether it denies every pod of its namespace what is not allowed elsewhere."""
    spec = entry(policy, "spec")
    whole = not entry(spec, "podSelector") and direction in (spec.get("policyTypes") or ())
    return whole and not spec.get(direction.lower())


def _scalers(obj: Object, objects: Objects) -> list[Object]:
    return [
        scaler
        for scaler in _beside(obj, objects, "HorizontalPodAutoscaler")
        if entry(scaler, "spec", "scaleTargetRef").get("kind") == kind_of(obj)
        and entry(scaler, "spec", "scaleTargetRef").get("name") == name_of(obj)
    ]


def _disruption(obj: Object, pod: Pod, objects: Objects) -> Iterator[str]:
    budgets = [
        entry(budget, "spec")
        for budget in _beside(obj, objects, "PodDisruptionBudget")
        if selects(entry(budget, "spec", "selector"), pod)
    ]
    if not budgets:
        yield "no PodDisruptionBudget keeps a drain from taking all of its pods"
    for budget in budgets:
        if str(budget.get("maxUnavailable")) in ("0", "0.0", "0%"):
            yield "its PodDisruptionBudget lets no node be drained"
        if str(budget.get("maxUnavailable")) == "100%":
            yield "its PodDisruptionBudget lets all of its pods go at once"
