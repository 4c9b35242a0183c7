"""One two-node cluster and one copy of the clone serve all staging tests."""

import os
from collections.abc import Iterator

import pytest

from tests.e2e.docker import remove_leftovers
from tests.e2e.staging.infrastructure import STAGING
from tests.e2e.staging.registry import ENGINE_TRUST
from tests.e2e.staging.stage import Stage, new_stage


@pytest.fixture(scope="session")
def empty_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The cluster, with nothing deployed."""
    if os.geteuid() != 0:
        pytest.skip(f"the registry's authority has to be written to {ENGINE_TRUST}, as root")
    remove_leftovers(STAGING)
    folder = tmp_path_factory.mktemp("staging")
    stage = new_stage(folder)
    yield stage
    (folder / "transcript.log").write_text("\n".join(stage.transcript))
    stage.registry.forget()
    remove_leftovers(STAGING)


@pytest.fixture
def stage(empty_stage: Stage) -> Stage:
    """Staging, deployed and serving."""
    if not empty_stage.settled:
        empty_stage.up()
    return empty_stage


@pytest.fixture
def serving(empty_stage: Stage) -> Stage:
    """Any release of it, every pod ready: for tests that deploy another one.

    What a test breaks it says to be not deployed, until an `up` ends well.
    """
    if not empty_stage.deployed:
        empty_stage.up()
    empty_stage.rolled_out()
    return empty_stage
