import pytest

from core.kernel import Kernel
from core.model import Model
from core.vocabulary import load


@pytest.fixture(scope="session")
def kernel():
    return Kernel.load()


@pytest.fixture(scope="session")
def model():
    return Model(load())
