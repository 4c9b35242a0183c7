import pytest

from core.kernel import Kernel
from core.text import fold, tokens


@pytest.fixture(scope="session")
def kernel():
    return Kernel.load()


@pytest.fixture(scope="session")
def model(kernel):
    return kernel._model


@pytest.fixture(scope="session")
def concepts_of(model):
    """Concepts of a text's hits in a language."""

    def concepts(language, text):
        hits = model.lexicons[language].scan(tokens(fold(text)))
        return {
            model.concepts[c] for number in hits.meaning for c in model.meanings[number].concepts
        }

    return concepts
