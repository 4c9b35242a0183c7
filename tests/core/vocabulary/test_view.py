import pytest

COUNTS = {
    "archetypes": 12,
    "columns": 12,
    "states": 144,
    "polarities": 48,
    "modifiers": 62,
    "kindras": 144,
}


def test_kinds_are_the_ones_listed(kernel):
    assert set(kernel.vocabulary_kinds) == set(COUNTS)


@pytest.mark.parametrize("kind", COUNTS)
@pytest.mark.parametrize("language", ["en", "pt"])
def test_lists_are_whole_and_labelled(kernel, kind, language):
    listed = kernel.vocabulary(kind, language)
    assert len(listed) == COUNTS[kind]
    assert all(entry["label"] for entry in listed)


def test_labels_follow_the_language(kernel):
    assert kernel.vocabulary("archetypes", "pt")[6]["label"] == "Governante"
    assert kernel.vocabulary("archetypes", "en")[6]["label"] == "Ruler"


def test_unknown_kind_or_language(kernel):
    with pytest.raises(KeyError):
        kernel.vocabulary("zodiac")
    with pytest.raises(KeyError):
        kernel.vocabulary("states", "fr")
