"""What is charged for a text; `bench/costs.py` compares it with what it takes."""

import random
import string

from core.http.costs import Costs

PROSE = (
    "Costs rose as well: freight remains expensive, and two suppliers could not deliver what they "
    "had promised in spring. We expect these delays to ease by winter. "
)
SIZE = 40_000


def repeated(piece):
    return (piece * (SIZE // len(piece) + 1))[:SIZE]


def new_words():
    """Words of four letters that no text has had before."""
    choices = random.SystemRandom().choices
    return " ".join("".join(choices(string.ascii_lowercase, k=4)) for _ in range(SIZE // 5))


def test_what_is_charged_for_prose_does_not_depend_on_where_it_is_looked_at(kernel):
    costs, prose = Costs(kernel), repeated(PROSE)
    kernel.signal(prose)
    assert len({costs.texts([prose], explain=False) for _ in range(20)}) == 1


def test_quotations_and_places_of_terms_are_charged(kernel):
    costs, prose = Costs(kernel), repeated(PROSE)
    kernel.signal(prose)
    usual = costs.texts([prose], explain=False)
    assert costs.texts([repeated('"idiot" ')], explain=False) > 2 * usual
    assert costs.application("safeguard", prose, explain=False) > 2 * usual
    assert costs.texts([prose], explain=True) > 5 * usual


def test_new_words_are_charged_until_they_are_known(kernel):
    costs, text = Costs(kernel), new_words()
    new = costs.texts([text], explain=False)
    kernel.signal(text)
    assert costs.texts([text], explain=False) < new / 2


def test_empty_texts_are_charged(kernel):
    costs = Costs(kernel)
    assert 0 < costs.texts([""], explain=False) < costs.texts([""] * 9, explain=False)
    assert costs.window([""]) > 0
