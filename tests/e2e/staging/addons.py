"""What a cluster needs that is no dev cluster: routes between nodes, policies, a way in.

One image holds all of it. It is loaded into the nodes and comes from no registry.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from kaldra.progress import Progress
from kaldra.toolchain import debian, gobuild, image_archive
from kaldra.toolchain.prepare import Prepared
from kaldra.toolchain.probe import Route

FOLDER = Path(__file__).parent
MANIFESTS = FOLDER / "manifests"
CONTROLLER = MANIFESTS / "ingress.py"
KUBE_ROUTER = gobuild.Build(
    name="kube-router",
    modules=FOLDER / "modules" / "kube-router",
    outputs={"kube-router": "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"},
    stamps={},
)
DOCKERFILE = """\
FROM {base}
RUN {apt} apt-get install -y --no-install-recommends \\
      iptables ipset iproute2 ethtool kmod procps nginx-light \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY kube-router ingress.py /usr/local/bin/
"""


def ensure_image(prepared: Prepared, progress: Progress) -> str:
    """Reference of the image; built once, kept in the cache of tools."""
    programs = gobuild.build(KUBE_ROUTER, progress)
    gobuild.drop_caches()
    dockerfile, tag = _dockerfile(prepared), image_of(prepared)

    def build() -> None:
        with progress.step(tag) as step, tempfile.TemporaryDirectory() as folder:
            shutil.copyfile(programs / "kube-router", Path(folder) / "kube-router")
            shutil.copyfile(CONTROLLER, Path(folder) / "ingress.py")
            (Path(folder) / "kube-router").chmod(0o755)
            debian.build(tag, dockerfile, Path(folder), step)

    image_archive.ensure(tag, build, progress)
    return tag


def image_of(prepared: Prepared) -> str:
    """Reference of the image."""
    recipe = (_dockerfile(prepared), CONTROLLER.read_bytes(), KUBE_ROUTER.key)
    return f"kaldra/staging-addons:{debian.recipe_digest(*recipe)}"


def _dockerfile(prepared: Prepared) -> str:
    # Where the publishers are reached, the base image's own package sources are.
    apt = debian.APT if prepared.route is Route.REGISTRIES else "apt-get update &&"
    return DOCKERFILE.format(base=prepared.base_image, apt=apt)


def load(image: str, nodes: list[str]) -> None:
    """Hand an image to the containerd of each node."""
    receive = ("ctr", "--namespace=k8s.io", "images", "import", "--all-platforms", "-")
    save = ("docker", "save", image)
    for node in nodes:
        with subprocess.Popen(save, stdout=subprocess.PIPE) as saved:
            command = ("docker", "exec", "--interactive", node, *receive)
            subprocess.run(command, stdin=saved.stdout, capture_output=True, check=True)
        assert saved.returncode == 0


def manifest(name: str, image: str) -> str:
    return (MANIFESTS / f"{name}.yaml").read_text().replace("$IMAGE", image)
