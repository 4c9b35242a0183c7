"""Hits as columns, and the table they are counted with."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.hits import AS_IT_STANDS, UNDER_NEGATION, WITH_INTENSIFIER, Hits, Meanings

OPPOSITES = (1, 0, -1, 0, 3)
"""Two concepts have the same opposite, one has none."""

concept_sets = st.lists(
    st.sets(st.integers(0, len(OPPOSITES) - 1), min_size=1, max_size=4).map(tuple),
    min_size=1,
    max_size=6,
)


@given(concept_sets, st.data())
def test_the_table_counts_what_adding_up_hit_by_hit_counts(concepts, data):
    meanings = Meanings(OPPOSITES)
    numbers = [number for known in concepts for number in meanings.senses(known)]
    hit = st.tuples(st.just(0), st.just(0), st.sampled_from(numbers))
    texts = data.draw(st.lists(st.lists(hit, max_size=12), min_size=1, max_size=5))
    expected = np.zeros((len(texts), len(OPPOSITES)))
    for row, hits in enumerate(texts):
        for _, _, number in hits:
            for concept in meanings[number].concepts:
                expected[row, concept] += meanings[number].units
    np.testing.assert_array_equal(meanings.tally()(list(map(Hits.of, texts))), expected)


def test_a_term_means_its_concepts_or_half_their_opposites():
    meanings = Meanings(OPPOSITES)
    senses = meanings.senses((0, 2))
    assert meanings[senses[AS_IT_STANDS]] == ((0, 2), 2, False)
    assert meanings[senses[WITH_INTENSIFIER]] == ((0, 2), 3, False)
    assert meanings[senses[UNDER_NEGATION]] == ((1,), 1, True)
    assert meanings.senses((0, 2)) == senses
    assert meanings.senses(()) == ()
