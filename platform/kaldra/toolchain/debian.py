"""Images made from Debian packages, for machines that reach no image registry."""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kaldra import variables
from kaldra.errors import KaldraError
from kaldra.progress import Progress, Step
from kaldra.toolchain import docker_client, image_archive, image_build
from kaldra.toolchain.commands import run
from kaldra.toolchain.docker_cli import docker_program
from kaldra.toolchain.engine import install_packages, update_lists
from kaldra.toolchain.machine import machine

RELEASE = "bookworm"
UPDATES = (f"{RELEASE}-updates", f"{RELEASE}-security")
TARGETS = "$(CREATED_BY)|$(ORIGIN)|$(CODENAME)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)"
"""What `apt-get indextargets` tells of each index that it has."""
UNNEEDED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
)
"""Emptied in every image: documentation, translations and apt's caches."""
APT = " ".join(
    [
        *(f"--mount=type=secret,id={i},mode=0444" for i in ("apt", "sources", "authorities")),
        "export APT_CONFIG=/run/secrets/apt DEBIAN_FRONTEND=noninteractive && apt-get update &&",
    ]
)
"""Begin of a RUN that installs packages: from this host's archives, left in no image."""
APT_CONFIGURATION = """\
Dir::Etc::SourceList "/run/secrets/sources";
Dir::Etc::SourceParts "-";
"""
APT_AUTHORITIES = 'Acquire::https::CAInfo "/run/secrets/authorities";\n'
TIDY = f"""\
set -e
cd "$1"
for name in {" ".join(UNNEEDED)}; do find "$name" -mindepth 1 -delete; done
: > etc/apt/sources.list
rm -f etc/apt/sources.list.d/* etc/apt/apt.conf.d/99mmdebstrap etc/resolv.conf etc/hostname
"""
"""What mmdebstrap runs last, with the image's root: where packages came from is this machine's
business, and names are given by Docker."""
BOOTSTRAP = (
    *("mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", "--quiet"),
    # Merged from the start: merging later takes a package that needs all of Perl.
    *("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr", "--include=usr-is-merged"),
)


def recipe_digest(*parts: str | bytes) -> str:
    """Short digest of everything that decides what an image holds."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8) + data)
    return whole.hexdigest()[:12]


def apt_sources(step: Step) -> str:
    """Text of a sources.list with the archives that apt itself uses here, updates included.

    Raises KaldraError where apt knows no archive of the release.
    """
    if given := variables.DEBIAN_ARCHIVE.value:
        return f"deb {given} {RELEASE} main\n"
    lines = _used()
    if not lines and machine().root and machine().debian:
        update_lists(step)  # emptied, as in many container images
        lines = _used()
    if not lines:
        raise KaldraError(
            f"This machine's apt knows no archive of Debian {RELEASE}.",
            hint=f"export {variables.DEBIAN_ARCHIVE.name}=http://mirror.example/debian  "
            "(or a mirror of it)",
        )
    return "".join(f"{line}\n" for line in lines)


def _used() -> list[str]:
    """Lines of a sources.list for the release and its updates, as apt last read them.

    By the archives' own names: a source may say `stable`, or be a mirror under any address.
    """
    if not shutil.which("apt-get"):
        return []
    said = run(["apt-get", "indextargets", "--format", TARGETS], what="apt-get indextargets")
    found: dict[str, str] = {}
    for line in said.splitlines():
        kind, origin, codename, component, suite, address = line.split("|")
        if (kind, origin, component) == ("Packages", "Debian", "main"):
            found.setdefault(codename, f"deb {_fetchable(address)} {suite} main")
    if RELEASE not in found:
        return []
    return [found[name] for name in (RELEASE, *UPDATES) if name in found]


def _fetchable(address: str) -> str:
    """The address of an archive; of a list of mirrors, which no image has, its first."""
    kind, _, path = address.partition(":")
    if kind != "mirror+file":
        return address
    lines = Path(path.rstrip("/")).read_text(encoding="utf-8").splitlines()
    return next(line.split()[0] for line in lines if line.strip() and not line.startswith("#"))


def bootstrap(tag: str, packages: tuple[str, ...], progress: Progress) -> None:
    """Make a minimal Debian image with a few packages, all up to date, and import it as `tag`."""
    with progress.step(f"base image {tag}") as step:
        if not shutil.which("mmdebstrap"):
            if not (machine().root and machine().debian):
                raise KaldraError(
                    "Making the base image from Debian packages needs root and mmdebstrap.",
                    hint="Run as root on a Debian-family system, or where Docker Hub is reachable.",
                )
            install_packages(("mmdebstrap",), step)
        with tempfile.TemporaryDirectory(prefix="kaldra-base-") as folder:
            archive, tidy, sources = (Path(folder) / n for n in ("root.tar", "tidy", "sources"))
            tidy.write_text(TIDY, encoding="ascii")
            sources.write_text(apt_sources(step), encoding="ascii")
            bundle = machine().ca_bundle
            trust = [f'--aptopt=Acquire::https::CAInfo "{bundle}"'] if bundle else []
            run(
                [
                    *BOOTSTRAP, *trust, f"--include={','.join(packages)}",
                    f'--customize-hook=sh {tidy} "$1"', RELEASE, archive, sources,
                ],
                what="Making the base image with mmdebstrap",
                env={"TMPDIR": folder},
                each_line=lambda line: step.update(line[:60]),
                hint="Is the Debian archive reachable? apt-get update",
            )  # fmt: skip
            step.update("importing")
            run(
                [docker_program(), "import", "--change", 'CMD ["bash"]', archive, tag],
                what="Importing the base image",
            )
        step.done(_size(tag))


def ensure(
    name: str, dockerfile: str, files: Mapping[str, bytes], progress: Progress, title: str = ""
) -> str:
    """Build `kaldra/NAME` of a Dockerfile and files beside it unless it exists; returns its tag."""
    tag = f"kaldra/{name}:{recipe_digest(dockerfile, *files, *files.values())}"
    title = title or f"{name} image"

    def make() -> None:
        with progress.step(f"{title} {tag}") as step, tempfile.TemporaryDirectory() as folder:
            for file, content in files.items():
                (Path(folder) / file).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / file).write_bytes(content)
            build(tag, dockerfile, Path(folder), step)

    image_archive.ensure(tag, make, progress)
    return tag


def build(tag: str, dockerfile: str, context: Path, step: Step) -> None:
    """Build an image from a Dockerfile's text and a context folder."""
    with tempfile.TemporaryDirectory(prefix="kaldra-secrets-") as folder:
        file = Path(folder) / "Dockerfile"
        file.write_text(dockerfile, encoding="utf-8")
        proxies = {proxy.name: proxy.value for proxy in variables.PROXIES if proxy.value}
        recipe = image_build.Recipe(
            image=tag,
            context=str(context),
            dockerfile=str(file),
            args=proxies,
            secret_args=frozenset(proxies),
            secrets=_secrets(Path(folder), step) if APT in dockerfile else {},
        )
        image_build.build(recipe, lambda line: step.update(line[:70]))
    step.done(_size(tag))


def _secrets(folder: Path, step: Step) -> dict[str, Path]:
    """Files that a build may see and no image keeps: where and how this host gets packages."""
    bundle = machine().ca_bundle
    configuration = APT_CONFIGURATION + (APT_AUTHORITIES if bundle else "")
    (folder / "sources").write_text(apt_sources(step), encoding="ascii")
    (folder / "apt").write_text(configuration, encoding="ascii")
    secrets = {"sources": folder / "sources", "apt": folder / "apt"}
    return {**secrets, "authorities": bundle} if bundle else secrets


def _size(tag: str) -> str:
    return f"{(docker_client.image(tag) or {}).get('Size', 0) / 1e6:.0f} MB"
