import pytest

from core.data import load
from core.kernel import Kernel
from core.model import Model


@pytest.fixture(scope="session")
def kernel():
    return Kernel.load()


@pytest.fixture(scope="session")
def model():
    return Model(load())
