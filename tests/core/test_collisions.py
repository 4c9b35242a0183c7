"""Words that look like a term and are none: each with concepts it must not speak for.

Every stem of the lexicons is walked over these words. `bench/kernel_truth.py` measures the signs of
words of two public sentiment lexicons.
"""

import pytest

HARMLESS = {
    "en": {
        "negative": "harmony harmonise harmonic several firms later",
        "fear": "terrific diabetes demonstrate",
        "joy": "cheerless carolina",
        "recovery": "health healthcare",
        "crossing": "entertaining enterprise",
        "surprise": "amazon",
        "meme": "gift gifts based",
        "silence": "secretary secretaries",
        "finance": "fundamental fundamentals",
        "overlap": "yellow",
        "sacrifice": "forgot forgotten",
        "friendship": "friendless",
        "compassion": "comfortless kinds",
        "love": "affectionless adorn intimidate loveless",
        "algorithm": "personality",
        "exclusion": "exclusive",
        "profit": "marginal marginally",
        "hierarchy": "rankle caster",
        "pride": "admiral",
        "praise": "goods thankless",
        "positive": "solvent",
        "toxic_mild": "dumbbell trashcan",
        "flow": "flower flowers",
    },
    "pt": {
        "toxic_insult": "vermelho vermelha vermelhos domingo mongólia",
        "toxic_mild": "vermelho vermelhão burocracia",
        "love": "amortização amoral intimidado adornar adormecer",
        "power": "domingo domingos",
        "control": "domingo",
        "recovery": "restaurante restaurantes",
        "guidance": "metade metades",
        "peace": "acordou acordei",
        "crossing": "particular partido",
        "honesty": "francesa francês",
        "truth": "francesa frança",
        "fear": "diabetes sombrinha",
        "negative": "desempenho misericórdia condensador sujeito perdoar",
        "positive": "justapor sádico integrar",
        "sadness": "solução misericórdia",
        "anxiety": "intenso",
    },
}
PAIRS = [
    (language, concept, word)
    for language, concepts in HARMLESS.items()
    for concept, words in concepts.items()
    for word in words.split()
]


@pytest.mark.parametrize(("language", "concept", "word"), PAIRS)
def test_no_stem_swallows_a_harmless_word(concepts_of, language, concept, word):
    assert concept not in concepts_of(language, word)


@pytest.mark.parametrize(
    ("language", "word", "concept"),
    [
        ("en", "unhappy", "sadness"),
        ("en", "friendless", "isolation"),
        ("en", "powerless", "service"),
        ("en", "uncomfortable", "pain"),
        ("pt", "desleal", "distrust"),
        ("pt", "infeliz", "sadness"),
        ("pt", "desconfiança", "distrust"),
    ],
)
def test_affixes_turn_the_side(concepts_of, language, word, concept):
    assert concept in concepts_of(language, word)
