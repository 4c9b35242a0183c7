"""Pod Security Standard `restricted`, as Kubernetes 1.35 checks it, with its own check names.

It includes the standard `baseline`. What Kubernetes waives for Windows pods and for pods in a user
namespace of their own is waived here too.
"""

from collections.abc import Iterator

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

Found = Iterator[tuple[str, str]]
"""Name of the check, and what is wrong."""


def faults(pod: Pod) -> Found:
    """What the standard does not allow."""
    own_users = pod.spec.get("hostUsers") is False
    yield from _shared(pod)
    yield from _volumes(pod)
    for who, security in pod.settings():
        yield from _settings(who, security)
    for name, container in pod.containers():
        yield from _container(name, container, own_users=own_users)
    if entry(pod.spec, "os").get("name") != "windows":
        yield from _confinement(pod)
    if not own_users:
        yield from _users(pod)


def _shared(pod: Pod) -> Found:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field):
            yield "hostNamespaces", f"the pod shares a namespace of its node: {field}"
    for sysctl in pod.security.get("sysctls") or ():
        if sysctl.get("name") not in _SAFE_SYSCTLS:
            yield "sysctls", f"the pod sets the sysctl {sysctl.get('name')}"
    for key, value in entry(pod.metadata, "annotations").items():
        allowed = value in ("", "runtime/default") or str(value).startswith("localhost/")
        if key.startswith(_APPARMOR) and not allowed:
            yield "appArmorProfile", f"the annotation {key} sets the AppArmor profile {value}"


def _volumes(pod: Pod) -> Found:
    for volume in pod.spec.get("volumes") or ():
        name = volume.get("name")
        kinds = sorted(kind for kind in set(volume) - {"name"} if volume[kind] is not None)
        if "hostPath" in kinds:
            yield "hostPathVolumes", f"volume {name} is a folder of the node"
        # One that names no type is an emptyDir.
        if kinds and _VOLUMES.isdisjoint(kinds):
            yield "restrictedVolumes", f"volume {name} has a forbidden type: {', '.join(kinds)}"


def _settings(who: str, security: Object) -> Found:
    """Settings of the pod or of a container."""
    if entry(security, "windowsOptions").get("hostProcess"):
        yield "windowsHostProcess", f"{who} runs as a process of the node (hostProcess)"
    profile = security.get("appArmorProfile")
    if profile is not None and profile.get("type") not in _PROFILES:
        yield "appArmorProfile", f"{who} sets the AppArmor profile {profile.get('type')}"
    if message := _seccomp(who, security):
        yield "seccompProfile_baseline", message
    options = entry(security, "seLinuxOptions")
    if (options.get("type") or "") not in _SELINUX_TYPES:
        yield "seLinuxOptions", f"{who} sets the SELinux type {options['type']}"
    for field in ("user", "role"):
        if options.get(field):
            yield "seLinuxOptions", f"{who} sets an SELinux {field}"


def _seccomp(who: str, security: Object) -> str:
    profile = security.get("seccompProfile")
    if profile is None or profile.get("type") in _PROFILES:
        return ""
    return f"{who} sets the seccomp profile {profile.get('type')}"


def _container(name: str, container: Object, *, own_users: bool) -> Found:
    security = entry(container, "securityContext")
    if security.get("privileged"):
        yield "privileged", f"container {name} is privileged"
    if beyond := _added(security, _DEFAULT_CAPABILITIES):
        yield "capabilities_baseline", f"container {name} adds capabilities: {beyond}"
    for port in container.get("ports") or ():
        if port.get("hostPort"):
            yield "hostPorts", f"container {name} takes port {port['hostPort']} of its node"
    mount = security.get("procMount")
    if mount not in (None, "Default"):
        yield "procMount_restricted", f"container {name} sets procMount {mount}"
        if not own_users:
            yield "procMount", f"container {name} sets procMount {mount}"
    for path in _HANDLERS:
        for action in ("httpGet", "tcpSocket"):
            if host := entry(container, *path, action).get("host"):
                message = f"container {name}: {'.'.join(path)} asks another host, {host}"
                yield "hostProbesAndHostLifecycle", message


def _added(security: Object, allowed: set[str]) -> str:
    added = set(entry(security, "capabilities").get("add") or ())
    return ", ".join(sorted(added - allowed))


def _confinement(pod: Pod) -> Found:
    """What Windows does not have."""
    for who, security in pod.settings():
        if message := _seccomp(who, security):
            yield "seccompProfile_restricted", message
    given = entry(pod.security, "seccompProfile").get("type") in _PROFILES
    for name, container in pod.containers():
        security = entry(container, "securityContext")
        if not given and not security.get("seccompProfile"):
            message = f"container {name} has no seccomp profile, neither has the pod"
            yield "seccompProfile_restricted", message
        if "ALL" not in (entry(security, "capabilities").get("drop") or ()):
            yield "capabilities_restricted", f"container {name} does not drop all capabilities"
        if beyond := _added(security, {"NET_BIND_SERVICE"}):
            yield "capabilities_restricted", f"container {name} adds capabilities: {beyond}"
        if security.get("allowPrivilegeEscalation") is not False:
            message = f"container {name} does not forbid privilege escalation"
            yield "allowPrivilegeEscalation", message


def _users(pod: Pod) -> Found:
    whole = pod.security.get("runAsNonRoot")
    if whole is False:
        yield "runAsNonRoot", "the pod sets runAsNonRoot to false"
    for name, container in pod.containers():
        own = entry(container, "securityContext").get("runAsNonRoot")
        if own is False or (own is None and not whole):
            yield "runAsNonRoot", f"container {name} may run as root: runAsNonRoot is not true"
    for who, security in pod.settings():
        if security.get("runAsUser") == 0:
            yield "runAsUser", f"{who} runs as user 0"
