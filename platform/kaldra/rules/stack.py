"""What is asked of a workload together with the other objects of its stack."""

from collections.abc import Sequence

from kaldra.rules.objects import LONG_RUNNING, Found, Object, Pod, entry, pod_of

FEWEST_PODS = 2


def faults(obj: Object, objects: Sequence[Object], *, released: bool) -> Found:
    """What is wrong with an object among these, which are all that a stack consists of.

    Some rules hold only for what others use, and not for what runs on a developer's machine.
    """
    if not (pod := pod_of(obj)):
        return
    namespace = _namespace(obj)
    beside = [other for other in objects if _namespace(other) == namespace]
    spaces = [o for o in objects if (o["kind"], o["metadata"]["name"]) == ("Namespace", namespace)]
    labels = [entry(space, "metadata", "labels") for space in spaces]
    if not any(each.get("pod-security.kubernetes.io/enforce") == "restricted" for each in labels):
        message = f"nothing enforces Pod Security restricted in namespace {namespace}"
        yield "restricted-namespace", message
    for direction in ("Ingress", "Egress"):
        if not any(_denies(policy, direction) for policy in _specs(beside, "NetworkPolicy")):
            message = f"no NetworkPolicy denies {direction} to every pod beside it by default"
            yield "default-deny", message
    if obj["kind"] in ("Deployment", "StatefulSet"):
        yield from _size(obj, pod, beside, released=released)
    if released and obj["kind"] in LONG_RUNNING:
        for kind in ("ResourceQuota", "LimitRange"):
            if not _specs(beside, kind):
                yield "namespace-quota", f"namespace {namespace} has no {kind}"


def _size(obj: Object, pod: Pod, beside: Sequence[Object], *, released: bool) -> Found:
    """What is wrong with the number of pods."""
    target = {"kind": obj["kind"], "name": obj["metadata"]["name"]}
    scalers = [
        scaler
        for scaler in _specs(beside, "HorizontalPodAutoscaler")
        if target.items() <= entry(scaler, "scaleTargetRef").items()
    ]
    replicas = entry(obj, "spec").get("replicas")
    if replicas is not None and scalers:
        message = "both it and an autoscaler set the number of its pods"
        yield "no-replicas-with-autoscaler", message
    if not released:
        return
    fewest = [scaler.get("minReplicas") or 1 for scaler in scalers] or [replicas or 1]
    if min(fewest) < FEWEST_PODS:
        yield "min-replicas", f"it may have fewer than {FEWEST_PODS} pods"
    if obj["kind"] == "Deployment" and not scalers:
        yield "autoscaler", "no HorizontalPodAutoscaler follows its load"
    keys = [one.get("topologyKey") for one in pod.spec.get("topologySpreadConstraints") or ()]
    if "kubernetes.io/hostname" not in keys:
        yield "spread", "nothing spreads its pods over nodes: no topologySpreadConstraints"
    labels = entry(pod.metadata, "labels").items()
    budgets = [
        str(budget.get("maxUnavailable"))
        for budget in _specs(beside, "PodDisruptionBudget")
        if entry(budget, "selector", "matchLabels").items() <= labels
    ]
    if not budgets:
        message = "no PodDisruptionBudget keeps a drain from taking all of its pods"
        yield "disruption-budget", message
    if not {"0", "0.0", "0%"}.isdisjoint(budgets):
        yield "disruption-budget", "its PodDisruptionBudget lets no node be drained"
    if "100%" in budgets:
        yield "disruption-budget", "its PodDisruptionBudget lets all of its pods go at once"


def _namespace(obj: Object) -> str:
    return str(entry(obj, "metadata").get("namespace") or "default")


def _specs(objects: Sequence[Object], kind: str) -> list[Object]:
    return [entry(obj, "spec") for obj in objects if obj["kind"] == kind]


def _denies(policy: Object, direction: str) -> bool:
    """Whether it denies every pod of its namespace what is not allowed elsewhere."""
    whole = not entry(policy, "podSelector") and direction in (policy.get("policyTypes") or ())
    return whole and not policy.get(direction.lower())
