import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import wording
from core.wording import distance, vector, vector_of

CELLS = [(7, -1), (44, 1), (59, 1), (78, 1), (89, 1), (101, 1), (124, 1), (126, -1)]
"""The first cells of "war and peace" that hold anything."""


def drifts(texts: list[str]) -> list[float]:
    return wording.drifts(list(map(vector_of, texts)))


def test_the_same_words_do_not_drift_and_others_do():
    same, near, far = drifts(
        [
            "The ministers closed the border.",
            "THE MINISTERS closed, the border!",
            "The ministers closed the old border again.",
            "Recipe: flour, milk, two eggs.",
        ]
    )[1:]
    assert same == 0.0
    assert 0.1 < near < 0.6
    assert far > 0.8


def test_the_order_of_words_counts():
    assert 0.0 < drifts(["dog bites man", "man bites dog"])[1] < 0.9


def test_texts_without_words_are_alike_and_far_from_all_others():
    assert drifts(["", "...", "war", ""]) == [0.0, 0.0, 1.0, 1.0]


def test_cells_are_fixed_for_ever():
    """A change of these numbers is a change of every window: raise the key's number with it."""
    cells = vector(["war", "and", "peace"])[:127]
    assert [(int(i), int(cells[i])) for i in cells.nonzero()[0]] == CELLS


@given(st.text(), st.text())
def test_distance_is_symmetric_and_bounded(first, second):
    one, other = drifts([first, second, first])[1:]
    assert one == other
    assert 0.0 <= one <= 1.0


def test_a_word_without_end_costs_no_more_than_a_word():
    assert distance(vector(["a" * 50_000]), vector(["a" * 64])) == pytest.approx(0.0)
