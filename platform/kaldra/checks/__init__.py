"""Checks of this repository's own files, for `./kaldra lint` and the tests."""
