"""The image of the local registry: the publisher's, or Debian's package of the same program."""

from kaldra.progress import Progress
from kaldra.toolchain import debian
from kaldra.toolchain.probe import Route
from kaldra.versions import REGISTRY_IMAGE

DOCKERFILE = """\
FROM {base}
RUN {apt} apt-get install -y --no-install-recommends docker-registry \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* && mkdir -p /var/lib/registry
COPY config.yml /etc/docker/registry/config.yml
VOLUME /var/lib/registry
EXPOSE 5000
ENTRYPOINT ["/usr/bin/docker-registry"]
CMD ["serve", "/etc/docker/registry/config.yml"]
"""
CONFIGURATION = """\
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: /var/lib/registry
  delete:
    enabled: true
http:
  addr: :5000
"""


def ensure_registry_image(base: str, progress: Progress, route: Route) -> str:
    """Reference of an image whose port 5000 serves the registry protocol."""
    if route is Route.PUBLISHER:
        return REGISTRY_IMAGE
    dockerfile = DOCKERFILE.format(base=base, apt=debian.APT)
    files = {"config.yml": CONFIGURATION.encode()}
    return debian.ensure("registry", dockerfile, files, progress)
