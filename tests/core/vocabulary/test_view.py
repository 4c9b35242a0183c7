from typing import get_args

import pytest

from contract.vocabulary import Kind

COUNTS = {
    "archetypes": 12,
    "columns": 12,
    "states": 144,
    "polarities": 48,
    "modifiers": 62,
    "kindras": 144,
    "concepts": 246,
}


def test_kinds_are_the_ones_listed():
    assert set(get_args(Kind)) == set(COUNTS)


@pytest.mark.parametrize("kind", COUNTS)
def test_lists_are_whole_labelled_and_translated(kernel, kind):
    described = "definition" if kind == "kindras" else "description"
    english, portuguese = (kernel.vocabulary(kind, each) for each in ("en", "pt"))
    assert len(english) == COUNTS[kind]
    for one, other in zip(english, portuguese, strict=True):
        assert one["label"]
        assert other["label"]
        assert one[described] != other[described]


def test_texts_follow_the_language(kernel):
    english, portuguese = (kernel.vocabulary("archetypes", each)[6] for each in ("en", "pt"))
    assert (english["label"], portuguese["label"]) == ("Ruler", "Governante")
    assert (english["drives"], portuguese["drives"]) == (
        ["order", "stewardship"],
        ["ordem", "zelo"],
    )


def test_unknown_kind_or_language(kernel):
    with pytest.raises(KeyError):
        kernel.vocabulary("zodiac")
    with pytest.raises(KeyError):
        kernel.vocabulary("states", "fr")
