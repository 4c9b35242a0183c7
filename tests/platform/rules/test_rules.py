"""Each rule finds what it is there for, and nothing in objects that follow all of them."""

import copy
import re
from pathlib import Path

import pytest

from kaldra import rules

NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "shop", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
}
AMOUNTS = {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"}
CONTAINER = {
    "name": "till",
    "image": "registry.example.org/till@sha256:" + "0" * 64,
    "resources": {"requests": AMOUNTS, "limits": AMOUNTS},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": 80}},
    "livenessProbe": {"httpGet": {"path": "/health", "port": 80}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
}
POD = {
    "serviceAccountName": "till",
    "automountServiceAccountToken": False,
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname"}],
    "containers": [CONTAINER],
    "volumes": [{"name": "tmp", "emptyDir": {}}],
}
SELECTOR = {"matchLabels": {"app": "till"}}


def within(kind, name, spec):
    return {"kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


DEPLOYMENT = within(
    "Deployment",
    "till",
    {
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0}},
        "template": {"metadata": {"labels": {"app": "till"}}, "spec": POD},
    },
)
GOOD = [
    NAMESPACE,
    DEPLOYMENT,
    within("NetworkPolicy", "deny", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
    within("NetworkPolicy", "till", {
        "podSelector": SELECTOR,
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [{"podSelector": {}}]}],
        "egress": [{"to": [{"podSelector": {}}]}],
    }),
    within("HorizontalPodAutoscaler", "till", {
        "scaleTargetRef": {"kind": "Deployment", "name": "till"}, "minReplicas": 2,
    }),
    within("PodDisruptionBudget", "till", {"selector": SELECTOR, "maxUnavailable": 1}),
    within("ResourceQuota", "all", {}),
    within("LimitRange", "all", {}),
    within("Service", "till", {"type": "ClusterIP"}),
    within("Ingress", "till", {
        "tls": [{"hosts": ["till.example.org"]}], "rules": [{"host": "till.example.org"}],
    }),
    {"kind": "Secret", "metadata": {"namespace": "shop"}, "immutable": True},
]  # fmt: skip
POD_SECURITY = [
    ("windowsHostProcess", "securityContext.windowsOptions", {"hostProcess": True}),
    ("hostNamespaces", "hostPID", True),
    ("privileged", "containers.0.securityContext.privileged", True),
    ("capabilities_baseline", "containers.0.securityContext.capabilities.add", ["SYS_ADMIN"]),
    ("hostPathVolumes", "volumes.0", {"name": "x", "hostPath": {"path": "/"}}),
    ("hostPorts", "containers.0.ports", [{"containerPort": 80, "hostPort": 80}]),
    ("appArmorProfile", "securityContext.appArmorProfile", {"type": "Unconfined"}),
    ("seLinuxOptions", "securityContext.seLinuxOptions", {"type": "spc_t"}),
    ("seLinuxOptions", "containers.0.securityContext.seLinuxOptions", {"role": "admin"}),
    ("procMount", "containers.0.securityContext.procMount", "Unmasked"),
    ("procMount_restricted", "containers.0.securityContext.procMount", "Unmasked"),
    ("seccompProfile_baseline", "securityContext.seccompProfile", {"type": "Unconfined"}),
    ("sysctls", "securityContext.sysctls", [{"name": "kernel.msgmax"}]),
    (
        "hostProbesAndHostLifecycle",
        "containers.0.lifecycle",
        {"preStop": {"httpGet": {"host": "elsewhere"}}},
    ),
    ("restrictedVolumes", "volumes.0", {"name": "x", "nfs": {"server": "y"}}),
    ("allowPrivilegeEscalation", "containers.0.securityContext.allowPrivilegeEscalation", None),
    ("runAsNonRoot", "securityContext.runAsNonRoot", None),
    ("runAsNonRoot", "containers.0.securityContext.runAsNonRoot", False),
    ("runAsUser", "securityContext.runAsUser", 0),
    ("seccompProfile_restricted", "securityContext.seccompProfile", None),
    ("capabilities_restricted", "containers.0.securityContext.capabilities", {}),
    ("capabilities_restricted", "containers.0.securityContext.capabilities.add", ["CHOWN"]),
]
OURS = [
    ("image-digest", "containers.0.image", "registry.example.org/till:v1"),
    ("resources", "containers.0.resources.limits.memory", None),
    ("probes", "containers.0.livenessProbe", None),
    ("probes", "containers.0.livenessProbe", CONTAINER["readinessProbe"]),
    ("no-token", "automountServiceAccountToken", None),
    ("own-account", "serviceAccountName", None),
    ("read-only-root", "containers.0.securityContext.readOnlyRootFilesystem", False),
    ("run-as-high-uid", "securityContext.runAsGroup", 100),
    ("secrets-in-files", "containers.0.envFrom", [{"secretRef": {"name": "x"}}]),
    (
        "secrets-in-files",
        "containers.0.env",
        [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "x"}}}],
    ),
    ("spread", "topologySpreadConstraints", []),
    ("no-live-code", "containers.0.command", ["python3", "-m", "serving.reload", "till"]),
]
TOGETHER = [
    ("restricted-namespace", "Namespace", "metadata.labels", {}),
    ("default-deny", "NetworkPolicy", "spec.policyTypes", ["Ingress"]),
    ("default-deny", "NetworkPolicy", "spec.egress", [{"to": [{"podSelector": {}}]}]),
    ("narrow-egress", "NetworkPolicy", "spec.egress", [{"ports": [{"port": 443}]}]),
    (
        "narrow-egress",
        "NetworkPolicy",
        "spec.egress",
        [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
    ),
    ("narrow-ingress", "NetworkPolicy", "spec.ingress", [{}]),
    ("no-replicas-with-autoscaler", "Deployment", "spec.replicas", 2),
    ("max-unavailable-zero", "Deployment", "spec.strategy", {"type": "Recreate"}),
    ("max-unavailable-zero", "Deployment", "spec.strategy.rollingUpdate.maxUnavailable", "25%"),
    ("no-node-port", "Service", "spec.type", "NodePort"),
    ("not-published", "Service", "spec.type", "LoadBalancer"),
    ("ingress-tls", "Ingress", "spec.tls", []),
    ("immutable-configuration", "Secret", "immutable", None),
    ("min-replicas", "HorizontalPodAutoscaler", "spec.minReplicas", 1),
    ("autoscaler", "HorizontalPodAutoscaler", "spec.scaleTargetRef.name", "other"),
    ("disruption-budget", "PodDisruptionBudget", "spec.selector.matchLabels.app", "other"),
    ("disruption-budget", "PodDisruptionBudget", "spec.maxUnavailable", 0),
    ("disruption-budget", "PodDisruptionBudget", "spec.maxUnavailable", "100%"),
    ("namespace-quota", "ResourceQuota", "metadata.namespace", "other"),
    ("namespace-quota", "LimitRange", "metadata.namespace", "other"),
]


def changed(kind, path, value):
    """GOOD with one field of its first object of a kind changed, or taken away."""
    objects = copy.deepcopy(GOOD)
    target = next(obj for obj in objects if obj["kind"] == kind)
    *way, last = path.split(".")
    for step in way:
        target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
    target[int(last) if isinstance(target, list) else last] = value
    return objects


def found(objects):
    return {fault.rule for fault in rules.check(objects)}


def test_objects_that_follow_every_rule_have_no_fault():
    assert rules.check(GOOD) == []


@pytest.mark.parametrize(("rule", "path", "value"), [*POD_SECURITY, *OURS])
def test_a_pod_that_breaks_a_rule_is_found(rule, path, value):
    assert rule in found(changed("Deployment", f"spec.template.spec.{path}", value))


@pytest.mark.parametrize(("rule", "kind", "path", "value"), TOGETHER)
def test_objects_that_break_a_rule_together_are_found(rule, kind, path, value):
    assert rule in found(changed(kind, path, value))


def test_every_rule_is_shown_to_find_something():
    shown = {case[0] for case in [*POD_SECURITY, *OURS, *TOGETHER]}
    sources = Path(rules.__file__).parent.glob("*.py")
    known = {
        name
        for source in sources
        for name in re.findall(r'yield (?:\w+, )?"([\w-]+)", ', source.read_text(encoding="utf-8"))
    }
    assert known == shown


def test_pod_security_is_checked_whole():
    assert len({case[0] for case in POD_SECURITY}) == 19


def test_a_fault_names_object_rule_and_reason():
    (fault,) = rules.check(changed("Deployment", "spec.template.spec.serviceAccountName", ""))
    assert str(fault) == (
        "Deployment shop/till: its pods have no service account of their own (own-account)"
    )


def test_init_containers_and_the_pods_of_every_kind_are_looked_at():
    pod = {**POD, "initContainers": [{**CONTAINER, "image": "till"}]}
    template = {"metadata": {"labels": {}}, "spec": pod}
    for obj in (
        {"kind": "Pod", "metadata": {}, "spec": pod},
        {"kind": "Job", "metadata": {}, "spec": {"template": template}},
        {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}},
        {"kind": "PodTemplate", "template": template},
        within("StatefulSet", "till", {"template": template}),
    ):
        assert [fault.rule for fault in rules.check_object(obj)] == ["image-digest"]


def test_what_only_a_release_needs_is_not_asked_of_a_machine_of_one_developer():
    objects = changed("Deployment", "spec.template.spec.containers.0.image", "")
    container = objects[1]["spec"]["template"]["spec"]["containers"][0]
    container["image"] = CONTAINER["image"].replace("registry.example.org", "localhost:5001")
    kept = {"Namespace", "Deployment", "NetworkPolicy"}
    assert rules.check([obj for obj in objects if obj["kind"] in kept]) == []
    assert "min-replicas" in found([obj for obj in GOOD if obj["kind"] in kept])
