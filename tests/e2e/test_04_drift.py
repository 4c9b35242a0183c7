"""What was changed behind Pulumi's back is reported, and repaired."""

import pytest

from tests.e2e.clone import Clone


@pytest.fixture
def without_deployment(breakable: Clone) -> Clone:
    breakable.kubectl("delete", "deployment", "kaldra-api")
    return breakable


def test_a_deleted_deployment_is_reported_and_repaired(without_deployment: Clone):
    clone = without_deployment
    refresh = "pulumi refresh --preview-only --expect-no-changes --non-interactive"
    said = clone.shell(refresh, code=None).output
    assert "kaldra-api" in said
    assert "delete" in said
    clone.up()
    assert clone.get("/status/")[0] == 200
    clone.kaldra("preview", "--expect-no-changes")
