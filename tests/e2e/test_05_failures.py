"""What goes wrong on the way up: the message tells what and why, and nothing is lost."""

import pytest

from tests.e2e.clone import NAME, Clone, free_ports, write_stack

CRASH = 'raise SystemExit("no gateway today")\n'
OTHER_STACK = "e2e-other"
OTHER_NAME = f"{NAME}-other"


def test_an_image_that_crashes_is_reported_while_the_old_one_serves(breakable: Clone):
    clone = breakable
    first_line = "from pathlib import Path\n"
    crash = clone.edited("app/main.py", first_line, CRASH + first_line)
    with crash, clone.impatient(), clone.answering():
        said = clone.up(code=1).output
    assert "kaldra-api" in said
    assert "exit code 1" in said or "CrashLoopBackOff" in said
    assert "no gateway today" in said
    clone.up()
    assert clone.get("/status/")[0] == 200


@pytest.fixture
def other_stack(platform: Clone):
    """A second stack, to be configured by the test and taken away after it."""
    yield platform
    platform.kaldra("down", "--all", stack=OTHER_STACK)


def test_a_container_on_the_gateway_port_is_named(other_stack: Clone):
    taken = other_stack.api_port
    said = up_with_ports(other_stack, api=taken)
    assert f"Port {taken} on 127.0.0.1, which the gateway needs, is taken by container" in said
    assert f"{NAME}-control-plane" in said
    assert "kaldra:apiPort" in said


def up_with_ports(clone: Clone, api: int = 0, registry: int = 0) -> str:
    ports = {"apiPort": api or free_ports(1)[0], "registryPort": registry or free_ports(2)[1]}
    write_stack(clone.root, OTHER_STACK, target="dev", clusterName=OTHER_NAME, **ports)
    return clone.kaldra("up", code=2, stack=OTHER_STACK).output
