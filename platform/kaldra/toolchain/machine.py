"""Facts about this machine that decide how tools are found, built and started."""

import os
import platform
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kaldra import variables
from kaldra.errors import ConfigurationError

CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
    "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
    "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
    "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
)  # fmt: skip
"""Linux capabilities by bit number (capabilities(7))."""

LOCAL_CAS = Path("/usr/local/share/ca-certificates")
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Machine:
    """What was found; nothing here changes while a command runs."""

    system: str
    """`linux` or `darwin`."""
    arch: str
    """`amd64` or `arm64`, as publishers name them."""
    root: bool
    debian: bool
    systemd: bool
    terminal: bool
    missing_capabilities: tuple[str, ...]
    """Capabilities that even root cannot get here, as CAP_…; empty on ordinary hosts."""
    cgroup: int
    """1 or 2."""
    ca_bundle: Path | None
    """The host's certificates where it trusts authorities of its own; None elsewhere."""


@cache
def machine() -> Machine:
    """Look once."""
    system = platform.system().lower()
    arm = platform.machine().lower() in ("arm64", "aarch64")
    status = Path("/proc/self/status")
    return Machine(
        system=system,
        arch="arm64" if arm else "amd64",
        root=os.geteuid() == 0,
        debian=Path("/etc/debian_version").exists(),
        systemd=Path("/run/systemd/system").is_dir(),
        terminal=sys.stdin is not None and sys.stdin.isatty(),
        missing_capabilities=missing_capabilities(status.read_text()) if status.exists() else (),
        cgroup=2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() or system != "linux" else 1,
        ca_bundle=_own_ca_bundle(),
    )


def missing_capabilities(status: str) -> tuple[str, ...]:
    """Capabilities outside the bounding set in the text of /proc/<pid>/status."""
    found = re.search(r"^CapBnd:\s*([0-9a-fA-F]+)$", status, re.MULTILINE)
    held = int(found[1], 16) if found else -1
    known = enumerate(CAPABILITIES[: _last_capability() + 1])
    return tuple(f"CAP_{name}" for bit, name in known if not held >> bit & 1)


def _last_capability() -> int:
    """The newest capability the kernel knows; an older one than our list has fewer."""
    try:
        return int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    except (OSError, ValueError):
        return len(CAPABILITIES) - 1


def _own_ca_bundle() -> Path | None:
    """The bundle to trust in image builds: the host's, where it holds local authorities.

    Raises ConfigurationError where a variable names one that does not exist.
    """
    named = next((each for each in variables.AUTHORITIES if each.value), None)
    if named is None:
        local = any(LOCAL_CAS.glob("**/*.crt"))
        return SYSTEM_BUNDLE if local and SYSTEM_BUNDLE.is_file() else None
    if not Path(named.value).is_file():
        raise ConfigurationError(
            f"{named.name} names {named.value}, which is not a file: nothing that is downloaded "
            "could be verified.",
            hint=f"Correct it, or: unset {named.name}",
        )
    return Path(named.value)
