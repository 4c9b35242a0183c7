"""Entry point: `python -m kaldra.cli`."""

from kaldra.cli.app import main

main()
