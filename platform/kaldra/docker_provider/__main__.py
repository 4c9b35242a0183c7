"""Entry point of the plugin process: `python -m kaldra.docker_provider ENGINE_ADDRESS`."""

from kaldra.docker_provider.server import main

main()
