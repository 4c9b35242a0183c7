"""Entry point of the plugin process: `python -m kaldra.docker_provider ENGINE_ADDRESS`."""

import gc

gc.disable()  # what is imported stays; to look through it costs a sixth of the imports

from kaldra.docker_provider.server import main  # noqa: E402

gc.enable()
main()
