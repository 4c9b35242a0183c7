import pytest

COUNTS = {
    "archetypes": 12,
    "columns": 12,
    "states": 144,
    "polarities": 48,
    "modifiers": 62,
    "kindras": 144,
    "concepts": 246,
}


def test_kinds_are_the_ones_listed(kernel):
    assert set(kernel.vocabulary_kinds) == set(COUNTS)


@pytest.mark.parametrize("kind", COUNTS)
@pytest.mark.parametrize("language", ["en", "pt"])
def test_lists_are_whole_and_labelled(kernel, kind, language):
    listed = kernel.vocabulary(kind, language)
    assert len(listed) == COUNTS[kind]
    assert all(entry["label"] for entry in listed)


def test_texts_follow_the_language(kernel):
    english, portuguese = (kernel.vocabulary("archetypes", each)[6] for each in ("en", "pt"))
    assert (english["label"], portuguese["label"]) == ("Ruler", "Governante")
    assert (english["drives"], portuguese["drives"]) == (
        ["order", "stewardship"],
        ["ordem", "zelo"],
    )


@pytest.mark.parametrize("kind", COUNTS)
def test_every_description_is_translated(kernel, kind):
    described = "definition" if kind == "kindras" else "description"
    for english, portuguese in zip(
        kernel.vocabulary(kind, "en"), kernel.vocabulary(kind, "pt"), strict=True
    ):
        assert english[described] != portuguese[described]


def test_unknown_kind_or_language(kernel):
    with pytest.raises(KeyError):
        kernel.vocabulary("zodiac")
    with pytest.raises(KeyError):
        kernel.vocabulary("states", "fr")
