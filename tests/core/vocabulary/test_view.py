from typing import get_args

import pytest

from contract.vocabulary import Kind


@pytest.mark.parametrize("kind", get_args(Kind))
def test_lists_are_whole_labelled_and_translated(kernel, model, kind):
    described = "definition" if kind == "kindras" else "description"
    english, portuguese = (kernel.vocabulary(kind, each) for each in ("en", "pt"))
    assert len(english) == len(getattr(model.vocabulary, kind)) > 0
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


@pytest.mark.parametrize(("kind", "language"), [("zodiac", "en"), ("states", "fr")])
def test_unknown_kind_or_language(kernel, kind, language):
    with pytest.raises(KeyError):
        kernel.vocabulary(kind, language)
