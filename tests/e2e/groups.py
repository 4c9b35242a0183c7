"""End-to-end tests that share a cluster or containers: one process runs such a group, in order."""

ORDER = (None, "dev", "local", "staging")
"""Tests without a group come first: what a unit test finds is found sooner."""
FOLDERS = {
    "tests/e2e/staging/": "staging",
    "tests/e2e/test_09_local.py": "local",
    "tests/e2e/test_10_third_service.py": "local",
    "tests/e2e/": "dev",
    # After the tests that start an engine and make the base image.
    "tests/platform/docker_provider/engine/": "dev",
}
"""The first that fits."""


def group_of(test: str) -> str | None:
    """Name of the group that the test with this id, or in this file, belongs to."""
    return next((group for path, group in FOLDERS.items() if test.startswith(path)), None)
