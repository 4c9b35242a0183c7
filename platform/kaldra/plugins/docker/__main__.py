"""Entry point of the plugin process: `python -m kaldra.plugins.docker`."""

from kaldra.plugins.docker.provider import DockerProvider
from kaldra.plugins.serve import main

main(DockerProvider)
