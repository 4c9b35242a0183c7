"""What is wrong with a configuration is said before anything is made."""

import pytest

from tests.e2e.clone import STACK, Clone

STACK_FILE = f"Pulumi.{STACK}.yaml"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "kaldra:logLevl: DEBUG",
            "Unknown setting kaldra:logLevl in {}. Did you mean kaldra:logLevel?",
        ),
        ("kaldra:logLevel: LOUD", "Setting kaldra:logLevel in {} is wrong"),
        ("kaldra:gateway: {rateLimit: many}", "Setting kaldra:gateway.rateLimit in {} is wrong"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(clone: Clone, line: str, message: str):
    with clone.edited(STACK_FILE, "config:\n", f"config:\n  {line}\n"):
        said = clone.kaldra("up", code=2).output
    assert message.format(STACK_FILE) in said
    assert not clone.state.exists()
