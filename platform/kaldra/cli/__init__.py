"""The `./kaldra` command line: one module per verb."""
