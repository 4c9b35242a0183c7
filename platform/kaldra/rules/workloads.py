"""What this platform asks of a workload beyond Pod Security."""

import re
from collections.abc import Callable, Iterator

from kaldra.rules.objects import LONG_RUNNING, Object, Pod, entry, kind_of

LOWEST_ID = 10000
"""Users and groups below may be somebody on the node."""

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_AMOUNTS = ("cpu", "memory", "ephemeral-storage")

Found = Iterator[str]


def _digest(pod: Pod) -> Found:
    for name, container in pod.containers():
        if not _DIGEST.search(str(container.get("image") or "")):
            yield f"container {name} names its image by tag, not by digest"


def _amounts(pod: Pod) -> Found:
    for name, container in pod.containers("initContainers", "containers"):
        for kind in ("requests", "limits"):
            given = entry(container, "resources", kind)
            if missing := [amount for amount in _AMOUNTS if not given.get(amount)]:
                yield f"container {name} has no {kind} of {', '.join(missing)}"


def _probes(pod: Pod) -> Found:
    for name, container in pod.containers("containers") if pod.kind in LONG_RUNNING else ():
        for probe in ("readinessProbe", "livenessProbe"):
            if not container.get(probe):
                yield f"container {name} has no {probe}"
        ready, live = container.get("readinessProbe"), container.get("livenessProbe")
        if ready and live and _asked(ready) == _asked(live):
            yield f"container {name}: readinessProbe and livenessProbe ask the same"


def _asked(probe: Object) -> object:
    return [probe.get(action) for action in ("httpGet", "tcpSocket", "exec", "grpc")]


def _no_token(pod: Pod) -> Found:
    if pod.spec.get("automountServiceAccountToken") is not False:
        yield "its pods get a token of the cluster: automountServiceAccountToken is not false"


def _own_account(pod: Pod) -> Found:
    if pod.spec.get("serviceAccountName") in (None, "", "default"):
        yield "its pods have no service account of their own"


def _read_only_root(pod: Pod) -> Found:
    for name, container in pod.containers():
        if entry(container, "securityContext").get("readOnlyRootFilesystem") is not True:
            yield f"container {name} may write to its root file system"


def _high_uid(pod: Pod) -> Found:
    for name, container in pod.containers():
        own = entry(container, "securityContext")
        for field in ("runAsUser", "runAsGroup"):
            number = own.get(field, pod.security.get(field))
            if not isinstance(number, int | float) or number < LOWEST_ID:
                yield f"container {name} has no {field} of {LOWEST_ID} or above"


def _secrets_in_files(pod: Pod) -> Found:
    for name, container in pod.containers():
        whole = any(source.get("secretRef") for source in container.get("envFrom") or ())
        single = any(
            entry(variable, "valueFrom").get("secretKeyRef")
            for variable in container.get("env") or ()
        )
        if whole or single:
            yield f"container {name} gets a secret as environment, not as a file"


def _immutable(obj: Object) -> Found:
    if kind_of(obj) in ("ConfigMap", "Secret") and obj.get("immutable") is not True:
        yield "it can be changed under running pods: immutable is not true"


def _not_published(obj: Object) -> Found:
    if kind_of(obj) == "Service" and entry(obj, "spec").get("type") == "LoadBalancer":
        yield "it has an address of its own outside the cluster, past the ingress and its TLS"


def _tls(obj: Object) -> Found:
    if kind_of(obj) != "Ingress":
        return
    spec = entry(obj, "spec")
    secured = {host for tls in spec.get("tls") or () for host in tls.get("hosts") or ()}
    hosts = {str(rule.get("host") or "") for rule in spec.get("rules") or ()}
    for host in sorted(hosts - secured):
        yield f"it serves {host or 'every host'} without TLS"


POD_RULES: dict[str, Callable[[Pod], Found]] = {
    "image-digest": _digest,
    "resources": _amounts,
    "probes": _probes,
    "no-token": _no_token,
    "own-account": _own_account,
    "read-only-root": _read_only_root,
    "run-as-high-uid": _high_uid,
    "secrets-in-files": _secrets_in_files,
}
OBJECT_RULES: dict[str, Callable[[Object], Found]] = {
    "immutable-configuration": _immutable,
    "not-published": _not_published,
    "ingress-tls": _tls,
}
