"""What the services' images are built on and in."""

from dataclasses import dataclass
from functools import partial

from kaldra.progress import Progress
from kaldra.toolchain import debian, image_archive
from kaldra.toolchain.machine import machine
from kaldra.toolchain.probe import Route
from kaldra.versions import PYTHON_IMAGE

BASE_PACKAGES = ("python3", "ca-certificates")
BUILDER_PACKAGES = ("python3-pip",)


@dataclass(frozen=True)
class BaseImages:
    """References that the Dockerfiles take as build arguments."""

    base: str
    """Of the final stage: Python and nothing of this machine."""
    builder: str
    """Of the builder stage: the same Python with pip, trusting this host's authorities."""


def ensure_base(progress: Progress, route: Route) -> BaseImages:
    """Make or name both images; what is there already is kept."""
    if route is Route.PUBLISHER:
        base = PYTHON_IMAGE
        if machine().ca_bundle is None:
            return BaseImages(base, base)
    else:
        key = debian.recipe_digest(
            debian.RELEASE, *debian.BOOTSTRAP, debian.TIDY, *BASE_PACKAGES, machine().arch
        )
        base = f"kaldra/base:{key}"
        make = partial(debian.bootstrap, base, BASE_PACKAGES, progress)
        image_archive.ensure(base, make, progress)
    bundle = machine().ca_bundle
    certificates = bundle.read_bytes() if bundle else b""
    dockerfile = builder_dockerfile(base, route, own_authorities=bool(bundle))
    files = {"authorities.crt": certificates}
    return BaseImages(base, debian.ensure("builder", dockerfile, files, progress))


def builder_dockerfile(base: str, route: Route, *, own_authorities: bool) -> str:
    """The builder image: pip, and the host's authorities where it has its own."""
    lines = [f"FROM {base}"]
    if own_authorities:
        path = "/etc/ssl/certs/ca-certificates.crt"
        lines += [
            f"COPY authorities.crt {path}",
            f"ENV SSL_CERT_FILE={path} PIP_CERT={path} REQUESTS_CA_BUNDLE={path}",
        ]
    if route is Route.REGISTRIES:
        packages = " ".join(BUILDER_PACKAGES)
        lines.append(
            f"RUN {debian.APT} "
            f"apt-get install -y --no-install-recommends {packages} "
            "&& rm -rf /var/lib/apt/lists/* /var/cache/apt/*"
        )
    return "\n".join(lines) + "\n"
