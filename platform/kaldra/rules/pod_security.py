"""Pod Security Standard `restricted`, as Kubernetes 1.35 checks it, with its own check names.

It includes the standard `baseline`. What Kubernetes waives for Windows pods and for pods in a user
namespace of their own is waived here too.
"""

from itertools import product

from kaldra.rules.objects import Field, Found, Object, Pod, broken, entry

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
_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
_SELINUX = (None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_PROFILES = (None, "RuntimeDefault", "Localhost")
_UNSET = (None, False, 0, "")

_WAIVED_ON_WINDOWS = {
    "allowPrivilegeEscalation", "capabilities_restricted", "seccompProfile_restricted",
}  # fmt: skip
_WAIVED_FOR_OWN_USERS = {"procMount", "runAsNonRoot", "runAsUser"}

_SETTINGS: tuple[Field, ...] = (
    ("windowsHostProcess", "windowsOptions.hostProcess", _UNSET,
     "runs as a process of the node (hostProcess)"),
    ("appArmorProfile", "appArmorProfile.type", _PROFILES, "sets the AppArmor profile {}"),
    ("seccompProfile_baseline", "seccompProfile.type", _PROFILES, "sets the seccomp profile {}"),
    ("seccompProfile_restricted", "seccompProfile.type", _PROFILES, "sets the seccomp profile {}"),
    ("seLinuxOptions", "seLinuxOptions.type", _SELINUX, "sets the SELinux type {}"),
    ("seLinuxOptions", "seLinuxOptions.user", _UNSET, "sets an SELinux user"),
    ("seLinuxOptions", "seLinuxOptions.role", _UNSET, "sets an SELinux role"),
)  # fmt: skip
_CONTAINER: tuple[Field, ...] = (
    ("privileged", "privileged", _UNSET, "is privileged"),
    ("procMount", "procMount", (None, "Default"), "sets procMount {}"),
    ("procMount_restricted", "procMount", (None, "Default"), "sets procMount {}"),
    ("allowPrivilegeEscalation", "allowPrivilegeEscalation", (False,),
     "does not forbid privilege escalation"),
)  # fmt: skip
_CAPABILITIES = (
    ("capabilities_baseline", _DEFAULT_CAPABILITIES),
    ("capabilities_restricted", {"NET_BIND_SERVICE"}),
)
_HANDLERS = (
    *("livenessProbe", "readinessProbe", "startupProbe"),
    *("lifecycle.postStart", "lifecycle.preStop"),
)


def faults(pod: Pod) -> Found:
    """What the standard does not allow."""
    waived: set[str] = set()
    if entry(pod.spec, "os").get("name") == "windows":
        waived |= _WAIVED_ON_WINDOWS
    if pod.spec.get("hostUsers") is False:
        waived |= _WAIVED_FOR_OWN_USERS
    return (found for found in _faults(pod) if found[0] not in waived)


def _faults(pod: Pod) -> Found:
    yield from _shared(pod)
    yield from _volumes(pod)
    for who, security in pod.settings():
        yield from broken(who, security, *_SETTINGS)
        if security.get("runAsUser") == 0:
            yield "runAsUser", f"{who} runs as user 0"
    if pod.security.get("runAsNonRoot") is False:
        yield "runAsNonRoot", "the pod sets runAsNonRoot to false"
    for who, container in pod.containers():
        yield from _container(who, container, pod.security)


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


def _container(who: str, container: Object, whole: Object) -> Found:
    """What is wrong with a container; `whole` are the settings of its pod."""
    security = entry(container, "securityContext")
    yield from broken(who, security, *_CONTAINER)
    own = security.get("runAsNonRoot")
    if not (whole.get("runAsNonRoot") if own is None else own):
        yield "runAsNonRoot", f"{who} may run as root: runAsNonRoot is not true"
    if not (entry(whole, "seccompProfile").get("type") or security.get("seccompProfile")):
        yield "seccompProfile_restricted", f"{who} has no seccomp profile, neither has the pod"
    capabilities = entry(security, "capabilities")
    added = set(capabilities.get("add") or ())
    for check, allowed in _CAPABILITIES:
        if beyond := ", ".join(sorted(added - allowed)):
            yield check, f"{who} adds capabilities: {beyond}"
    if "ALL" not in (capabilities.get("drop") or ()):
        yield "capabilities_restricted", f"{who} does not drop all capabilities"
    for port in container.get("ports") or ():
        if port.get("hostPort"):
            yield "hostPorts", f"{who} takes port {port['hostPort']} of its node"
    for handler, action in product(_HANDLERS, ("httpGet", "tcpSocket")):
        if host := entry(container, *handler.split("."), action).get("host"):
            yield "hostProbesAndHostLifecycle", f"{who}: {handler} asks another host, {host}"
