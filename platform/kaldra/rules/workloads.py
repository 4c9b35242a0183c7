"""What this platform asks of objects beyond Pod Security."""

import re
from collections.abc import Sequence

from kaldra.rules.objects import LONG_RUNNING, Found, Object, Pod, entry, pod_of

LOWEST_ID = 10000
"""Users and groups below may be somebody on the node."""
FEWEST_PODS = 2
LIVE = "serving.reload"
"""The module that lets running containers take changed code."""

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_AMOUNTS = ("cpu", "memory", "ephemeral-storage")
_WAYS = ("httpGet", "tcpSocket", "exec", "grpc")
"""How a probe may ask."""
_EVERYWHERE = {"0.0.0.0/0", "::/0"}


def faults(obj: Object, objects: Sequence[Object], *, released: bool) -> Found:
    """What is wrong with an object among these, which are all that a stack consists of.

    Some rules hold only for what others use, and not for what runs on a developer's machine.
    """
    kind, spec = obj["kind"], entry(obj, "spec")
    if pod := pod_of(obj):
        yield from _pod(kind, pod, released=released)
        yield from _together(obj, pod, objects, released=released)
    if kind in ("ConfigMap", "Secret") and obj.get("immutable") is not True:
        message = "it can be changed under running pods: immutable is not true"
        yield "immutable-configuration", message
    if kind == "Deployment":
        yield from _strategy(entry(spec, "strategy"))
    if kind == "Service" and spec.get("type") == "LoadBalancer":
        message = "it has an address of its own outside the cluster, past the ingress and its TLS"
        yield "not-published", message
    if kind == "Service" and spec.get("type") == "NodePort" and released:
        yield "no-node-port", "every node serves it, past the ingress and its TLS"
    if kind == "Ingress":
        secured = {host for tls in spec.get("tls") or () for host in tls.get("hosts") or ()}
        hosts = {str(rule.get("host") or "") for rule in spec.get("rules") or ()}
        for host in sorted(hosts - secured):
            yield "ingress-tls", f"it serves {host or 'every host'} without TLS"
    if kind == "NetworkPolicy":
        yield from _policy(spec, released=released)


def _strategy(strategy: Object) -> Found:
    unavailable = entry(strategy, "rollingUpdate").get("maxUnavailable")
    if strategy.get("type") == "Recreate" or unavailable not in (0, "0", "0%"):
        problem = "a release takes pods away before their successors serve"
        yield "max-unavailable-zero", f"{problem}: rollingUpdate.maxUnavailable is not 0"


def _policy(spec: Object, *, released: bool) -> Found:
    for rule in spec.get("egress") or ():
        blocks = {entry(peer, "ipBlock").get("cidr") for peer in rule.get("to") or ()}
        if not rule.get("to") or _EVERYWHERE & blocks:
            yield "narrow-egress", "it lets pods talk to everywhere"
    if released and not all(rule.get("from") for rule in spec.get("ingress") or ()):
        yield "narrow-ingress", "it lets everybody talk to its pods"


def _pod(kind: str, pod: Pod, *, released: bool) -> Found:
    if pod.spec.get("automountServiceAccountToken") is not False:
        message = "its pods get a token of the cluster: automountServiceAccountToken is not false"
        yield "no-token", message
    if pod.spec.get("serviceAccountName") in (None, "", "default"):
        yield "own-account", "its pods have no service account of their own"
    for who, container in pod.containers():
        yield from _container(who, container, pod.security)
        command = [*(container.get("command") or ()), *(container.get("args") or ())]
        if released and LIVE in command:
            yield "no-live-code", f"{who} takes other code than its image's: kaldra:live"
    for who, container in pod.containers("initContainers", "containers"):
        for given in ("requests", "limits"):
            amounts = entry(container, "resources", given)
            if missing := [amount for amount in _AMOUNTS if not amounts.get(amount)]:
                yield "resources", f"{who} has no {given} of {', '.join(missing)}"
    for who, container in pod.containers("containers") if kind in LONG_RUNNING else ():
        yield from _probes(who, container)


def _probes(who: str, container: Object) -> Found:
    ready, live = entry(container, "readinessProbe"), entry(container, "livenessProbe")
    for probe, given in (("readinessProbe", ready), ("livenessProbe", live)):
        if not given:
            yield "probes", f"{who} has no {probe}"
    if ready and live and all(ready.get(way) == live.get(way) for way in _WAYS):
        yield "probes", f"{who}: readinessProbe and livenessProbe ask the same"


def _container(who: str, container: Object, whole: Object) -> Found:
    security = entry(container, "securityContext")
    if not _DIGEST.search(str(container.get("image") or "")):
        yield "image-digest", f"{who} names its image by tag, not by digest"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "read-only-root", f"{who} may write to its root file system"
    for field in ("runAsUser", "runAsGroup"):
        number = security.get(field, whole.get(field))
        if not isinstance(number, int | float) or number < LOWEST_ID:
            yield "run-as-high-uid", f"{who} has no {field} of {LOWEST_ID} or above"
    sources = [source.get("secretRef") for source in container.get("envFrom") or ()]
    sources += [entry(one, "valueFrom").get("secretKeyRef") for one in container.get("env") or ()]
    if any(sources):
        yield "secrets-in-files", f"{who} gets a secret as environment, not as a file"


def _together(obj: Object, pod: Pod, objects: Sequence[Object], *, released: bool) -> Found:
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
