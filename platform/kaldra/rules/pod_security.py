"""Pod Security Standard `restricted`, as Kubernetes 1.35 checks it, with its own check names.

It includes the standard `baseline`. What Kubernetes waives for Windows pods and for pods in a user
namespace of their own is waived here too.
"""

from collections.abc import Callable, Iterator
from typing import Any

from kaldra.rules.objects import Object, Pod, entry

_DEFAULT_CAPABILITIES = {
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}  # fmt: skip
_SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}  # fmt: skip
_SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_PROFILES = {"RuntimeDefault", "Localhost"}
_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_HANDLERS = (
    ("livenessProbe",), ("readinessProbe",), ("startupProbe",),
    ("lifecycle", "postStart"), ("lifecycle", "preStop"),
)  # fmt: skip

Found = Iterator[str]


def _windows(pod: Pod) -> bool:
    return bool(entry(pod.spec, "os").get("name") == "windows")


def _own_users(pod: Pod) -> bool:
    return pod.spec.get("hostUsers") is False


def _host_process(pod: Pod) -> Found:
    for who, security in pod.settings():
        if entry(security, "windowsOptions").get("hostProcess"):
            yield f"{who} runs as a process of the node (hostProcess)"


def _host_namespaces(pod: Pod) -> Found:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field):
            yield f"the pod shares a namespace of its node: {field}"


def _privileged(pod: Pod) -> Found:
    for name, container in pod.containers():
        if entry(container, "securityContext").get("privileged"):
            yield f"container {name} is privileged"


def _added(container: Object) -> set[str]:
    return set(entry(container, "securityContext", "capabilities").get("add") or ())


def _default_capabilities(pod: Pod) -> Found:
    for name, container in pod.containers():
        if beyond := sorted(_added(container) - _DEFAULT_CAPABILITIES):
            yield f"container {name} adds capabilities: {', '.join(beyond)}"


def _no_capabilities(pod: Pod) -> Found:
    for name, container in () if _windows(pod) else pod.containers():
        dropped = entry(container, "securityContext", "capabilities").get("drop") or ()
        if "ALL" not in dropped:
            yield f"container {name} does not drop all capabilities"
        if beyond := sorted(_added(container) - {"NET_BIND_SERVICE"}):
            yield f"container {name} adds capabilities: {', '.join(beyond)}"


def _host_paths(pod: Pod) -> Found:
    for volume in pod.spec.get("volumes") or ():
        if volume.get("hostPath") is not None:
            yield f"volume {volume.get('name')} is a folder of the node"


def _volume_types(pod: Pod) -> Found:
    for volume in pod.spec.get("volumes") or ():
        kinds = sorted(kind for kind in set(volume) - {"name"} if volume[kind] is not None)
        # One that names no type is an emptyDir.
        if kinds and _VOLUMES.isdisjoint(kinds):
            yield f"volume {volume.get('name')} has a forbidden type: {', '.join(kinds)}"


def _host_ports(pod: Pod) -> Found:
    for name, container in pod.containers():
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield f"container {name} takes port {port['hostPort']} of its node"


def _app_armor(pod: Pod) -> Found:
    for who, security in pod.settings():
        profile = security.get("appArmorProfile")
        if profile is not None and profile.get("type") not in _PROFILES:
            yield f"{who} sets the AppArmor profile {profile.get('type')}"
    for key, value in entry(pod.metadata, "annotations").items():
        allowed = value in ("", "runtime/default") or str(value).startswith("localhost/")
        if key.startswith(_APPARMOR) and not allowed:
            yield f"the annotation {key} sets the AppArmor profile {value}"


def _selinux(pod: Pod) -> Found:
    for who, security in pod.settings():
        options = entry(security, "seLinuxOptions")
        if (options.get("type") or "") not in _SELINUX_TYPES:
            yield f"{who} sets the SELinux type {options['type']}"
        for field in ("user", "role"):
            if options.get(field):
                yield f"{who} sets an SELinux {field}"


def _proc_mount(pod: Pod) -> Found:
    for name, container in pod.containers():
        mount = entry(container, "securityContext").get("procMount")
        if mount not in (None, "Default"):
            yield f"container {name} sets procMount {mount}"


def _proc_mount_baseline(pod: Pod) -> Found:
    if not _own_users(pod):
        yield from _proc_mount(pod)


def _seccomp(pod: Pod) -> Found:
    for who, security in pod.settings():
        profile = security.get("seccompProfile")
        if profile is not None and profile.get("type") not in _PROFILES:
            yield f"{who} sets the seccomp profile {profile.get('type')}"


def _seccomp_given(pod: Pod) -> Found:
    if _windows(pod):
        return
    yield from _seccomp(pod)
    if entry(pod.security, "seccompProfile").get("type") not in _PROFILES:
        for name, container in pod.containers():
            if not entry(container, "securityContext").get("seccompProfile"):
                yield f"container {name} has no seccomp profile, neither has the pod"


def _sysctls(pod: Pod) -> Found:
    for sysctl in pod.security.get("sysctls") or ():
        if sysctl.get("name") not in _SAFE_SYSCTLS:
            yield f"the pod sets the sysctl {sysctl.get('name')}"


def _handler_hosts(pod: Pod) -> Found:
    for name, container in pod.containers():
        for path in _HANDLERS:
            for action in ("httpGet", "tcpSocket"):
                if host := entry(container, *path, action).get("host"):
                    yield f"container {name}: {'.'.join(path)} asks another host, {host}"


def _escalation(pod: Pod) -> Found:
    for name, container in () if _windows(pod) else pod.containers():
        if entry(container, "securityContext").get("allowPrivilegeEscalation") is not False:
            yield f"container {name} does not forbid privilege escalation"


def _non_root(pod: Pod) -> Found:
    if _own_users(pod):
        return
    whole: Any = pod.security.get("runAsNonRoot")
    if whole is False:
        yield "the pod sets runAsNonRoot to false"
    for name, container in pod.containers():
        own = entry(container, "securityContext").get("runAsNonRoot")
        if own is False or (own is None and not whole):
            yield f"container {name} may run as root: runAsNonRoot is not true"


def _root_user(pod: Pod) -> Found:
    for who, security in () if _own_users(pod) else pod.settings():
        if security.get("runAsUser") == 0:
            yield f"{who} runs as user 0"


RULES: dict[str, Callable[[Pod], Found]] = {
    "windowsHostProcess": _host_process,
    "hostNamespaces": _host_namespaces,
    "privileged": _privileged,
    "capabilities_baseline": _default_capabilities,
    "hostPathVolumes": _host_paths,
    "hostPorts": _host_ports,
    "appArmorProfile": _app_armor,
    "seLinuxOptions": _selinux,
    "procMount": _proc_mount_baseline,
    "seccompProfile_baseline": _seccomp,
    "sysctls": _sysctls,
    "hostProbesAndHostLifecycle": _handler_hosts,
    "restrictedVolumes": _volume_types,
    "allowPrivilegeEscalation": _escalation,
    "runAsNonRoot": _non_root,
    "runAsUser": _root_user,
    "seccompProfile_restricted": _seccomp_given,
    "capabilities_restricted": _no_capabilities,
    "procMount_restricted": _proc_mount,
}
