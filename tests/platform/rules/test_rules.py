"""Each rule finds what it is there for, and nothing in what is rendered for staging."""

import copy
import re
from pathlib import Path

import pytest

from kaldra import render, rules

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
    ("hostProbesAndHostLifecycle", "containers.0.lifecycle.preStop.httpGet.host", "elsewhere"),
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
    ("probes", "containers.0.livenessProbe.httpGet.path", "/ready"),
    ("no-token", "automountServiceAccountToken", None),
    ("own-account", "serviceAccountName", None),
    ("read-only-root", "containers.0.securityContext.readOnlyRootFilesystem", False),
    ("run-as-high-uid", "securityContext.runAsGroup", 100),
    ("secrets-in-files", "containers.0.envFrom", [{"secretRef": {"name": "x"}}]),
    ("secrets-in-files", "containers.0.env", [{"valueFrom": {"secretKeyRef": {"name": "x"}}}]),
    ("spread", "topologySpreadConstraints", []),
    ("no-live-code", "containers.0.command", ["python3", "-m", "serving.reload", "till"]),
]
TOGETHER = [
    ("restricted-namespace", "Namespace", "metadata.labels", {}),
    ("default-deny", "NetworkPolicy", "spec.policyTypes", ["Ingress"]),
    ("default-deny", "NetworkPolicy", "spec.egress", [{"to": [{"podSelector": {}}]}]),
    ("narrow-egress", "NetworkPolicy", "spec.egress", [{"ports": [{"port": 443}]}]),
    ("narrow-egress", "NetworkPolicy", "spec.egress", [{"to": [{"ipBlock": {"cidr": "::/0"}}]}]),
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


@pytest.fixture(scope="module")
def rendered():
    return list(render.manifests("staging").values())


@pytest.fixture
def objects(rendered):
    """What a stack consists of, to be changed by the test."""
    return copy.deepcopy(rendered)


def first(objects, kind):
    return next(obj for obj in objects if obj["kind"] == kind)


def broken(objects):
    """Rules that are broken."""
    return {re.search(r"\(([\w-]+)\)$", fault)[1] for fault in rules.check(objects)}


def test_objects_that_follow_every_rule_have_no_fault(objects):
    assert rules.check(objects) == []


POD = "spec.template.spec"
OF_PODS = [(rule, "Deployment", f"{POD}.{path}", v) for rule, path, v in [*POD_SECURITY, *OURS]]


@pytest.mark.parametrize(("rule", "kind", "path", "value"), [*OF_PODS, *TOGETHER])
def test_what_breaks_a_rule_is_found(objects, rule, kind, path, value):
    """Once a field of the first object of a kind has another value."""
    target = first(objects, kind)
    *way, last = path.split(".")
    for step in way:
        target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
    target[int(last) if isinstance(target, list) else last] = value
    assert rule in broken(objects)


def test_every_rule_is_shown_to_find_something():
    shown = {case[0] for case in [*POD_SECURITY, *OURS, *TOGETHER]}
    sources = [source.read_text() for source in Path(rules.__file__).parent.glob("*.py")]
    names = re.compile(r'(?:yield |^    \()"([\w-]+)", ', re.MULTILINE)
    assert {name for source in sources for name in names.findall(source)} == shown


def test_pod_security_is_checked_whole():
    assert len({case[0] for case in POD_SECURITY}) == 19


def test_a_fault_names_object_rule_and_reason(objects):
    first(objects, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"] = ""
    (fault,) = rules.check(objects)
    assert fault == (
        "Deployment kaldra/kaldra-api: its pods have no service account of their own (own-account)"
    )


def test_init_containers_and_the_pods_of_every_kind_are_looked_at(objects):
    template = first(objects, "Deployment")["spec"]["template"]
    (container,) = template["spec"]["containers"]
    template["spec"]["initContainers"] = [{**container, "image": "till"}]
    for obj in (
        {"kind": "Pod", **template},
        {"kind": "Job", "spec": {"template": template}},
        {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}},
        {"kind": "PodTemplate", "template": template},
        {"kind": "StatefulSet", "spec": {"template": template}},
    ):
        found = broken([{**obj, "metadata": {"name": "x"}}])
        assert found - {case[0] for case in TOGETHER} == {"image-digest"}


def test_what_only_a_release_needs_is_not_asked_of_a_machine_of_one_developer(objects):
    kept = [obj for obj in objects if obj["kind"] in {"Namespace", "Deployment", "NetworkPolicy"}]
    assert "min-replicas" in broken(kept)
    for obj in kept:
        if obj["kind"] == "Deployment":
            (container,) = obj["spec"]["template"]["spec"]["containers"]
            container["image"] = "localhost:5001/kaldra@" + container["image"].partition("@")[2]
    assert rules.check(kept) == []
