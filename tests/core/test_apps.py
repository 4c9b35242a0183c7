import math
import tracemalloc

import pytest

RAISE = "We are raising our full-year guidance after record revenue growth."
LOWER = "We are lowering our full-year outlook; demand declined and may decline further."
STRIKE = "The army launched missile strikes, killing civilians; the president vowed retaliation."
TREATY = "Both governments signed a ceasefire after talks; diplomats praised the compromise."
INSULT = "You stupid idiot! I know where you live."


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        (RAISE, "raised"),
        (LOWER, "lowered"),
        (f"{RAISE} {LOWER}", "mixed"),
        ("We expect demand to hold and keep our targets.", "maintained"),
        ("The weather was fine and everybody was happy.", "none"),
        ("Elevamos o guidance do ano.", "raised"),
        ("Reduzimos as projeções do ano.", "lowered"),
    ],
)
def test_alpha_guidance(kernel, text, direction):
    assert kernel.alpha(text)["guidance"]["direction"] == direction


def test_alpha_rates_and_entropy(kernel):
    hedged = kernel.alpha("We might grow, perhaps; it could be possible, but it is uncertain.")
    result = kernel.alpha(RAISE, ticker="KLDR", quarter="2026Q3")
    assert hedged["rates"]["hedge"] > result["rates"]["hedge"] == 0.0
    assert hedged["rates"]["uncertainty"] > 0.0
    assert result["rates"]["positive"] > result["rates"]["negative"]
    assert (result["ticker"], result["quarter"]) == ("KLDR", "2026Q3")
    assert result["normalised_entropy"] == pytest.approx(
        result["entropy"] / math.log(144), abs=1e-6
    )
    assert [top["probability"] for top in result["top_archetypes"]] == sorted(
        (top["probability"] for top in result["top_archetypes"]), reverse=True
    )


def test_alpha_coherence_needs_two_paragraphs(kernel):
    assert kernel.alpha(RAISE)["narrative_coherence"] is None
    steady = kernel.alpha(f"{RAISE}\n\n{RAISE}")["narrative_coherence"]
    torn = kernel.alpha(f"{RAISE}\n\n{STRIKE}")["narrative_coherence"]
    assert 0.0 <= torn < steady <= 1.0


def test_alpha_of_thousands_of_paragraphs_keeps_little_of_each(kernel):
    tracemalloc.start()
    try:
        result = kernel.alpha("war fear\n\n" * 5_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result["narrative_coherence"] > 0.5
    assert peak < 48 * 2**20


def test_alpha_of_silence(kernel):
    result = kernel.alpha("zzz")
    assert result["epistemic_status"] == "insufficient"
    assert result["top_archetypes"] == []
    assert result["normalised_entropy"] == pytest.approx(1.0, abs=1e-5)


def test_geo_risk_rises_with_war_and_falls_with_peace(kernel):
    war, peace = kernel.geo(STRIKE, region="X", source="news"), kernel.geo(TREATY)
    assert war["risk_level"] in {"high", "critical"}
    assert peace["risk_level"] == "low"
    assert war["escalation"] > 0.5 > peace["escalation"]
    assert war["institutional_stress"] > peace["institutional_stress"]
    assert war["extras"]["region"] == "X"


def test_geo_story_id_depends_on_origin(kernel):
    ids = {kernel.geo(STRIKE, region=region)["story_id"] for region in ("A", "B", None)}
    assert len(ids) == 3


def test_geo_plane_weights_shift_to_the_deep_plane_when_severe(kernel):
    calm, severe = kernel.geo(TREATY), kernel.geo(f"{STRIKE} War! Chaos, panic, riots, crisis!")
    assert calm["plane_weights"] == {"3": 0.2, "6": 0.3, "9": 0.5}
    assert severe["plane_weights"]["9"] > 0.5


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Excellent quality, I love it, highly recommend!", "praise"),
        ("Terrible, it broke and support ignored me. Refund!", "pain"),
        ("Great screen, terrible battery, good sound, awful camera.", "mixed"),
        ("It has four wheels.", "neutral"),
        ("Not bad at all, no problems.", "praise"),
        ("Péssimo, quebrou e não recomendo.", "pain"),
    ],
)
def test_product_verdict(kernel, text, verdict):
    assert kernel.product(text)["verdict"] == verdict


def test_product_themes_are_judged_by_their_sentences(kernel):
    result = kernel.product(
        "The delivery was late and terrible. The price is excellent, great value!"
    )
    themes = {theme["theme"]: theme for theme in result["themes"]}
    assert themes["delivery"]["pain"] > themes["delivery"]["praise"]
    assert themes["price"]["praise"] > themes["price"]["pain"] == 0.0


def test_product_vectors_are_the_strongest_of_each_layer(kernel):
    result = kernel.product("I love the warm sound; support ignored my emails. Shocking!")
    scores = result["signal"]["kindra"]["scores"]
    for layer in ("1", "2", "3"):
        listed = result[f"kindra_layer{layer}"]
        best = sorted(
            (abs(s) for k, s in scores.items() if k.startswith(f"L{layer}")), reverse=True
        )
        assert [abs(vector["score"]) for vector in listed] == best[:5]


def test_safeguard_names_dimension_words_and_advice(kernel):
    result = kernel.safeguard(INSULT, source="chat")
    assert result["flags"] == ["high_toxicity"]
    assert result["severity"] in {"high", "critical"}
    assert {INSULT[s["start"] : s["end"]] for s in result["spans"]} == {
        *("stupid", "idiot", "know where you live")
    }
    assert "threatens" in result["recommendations"][0]


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("The radical left are communists, leftists and extremists.", "political"),
        ("Women are too emotional; a woman should man up.", "gender"),
        ("Those immigrants are savages from an inferior race.", "racial"),
    ],
)
def test_safeguard_dimensions(kernel, text, dimension):
    dimensions = kernel.safeguard(text)["bias_dimensions"]
    assert max(dimensions, key=dimensions.get) == dimension
    assert dimensions[dimension] >= 0.6


def test_safeguard_is_silent_about_denied_insults_and_plain_text(kernel):
    for text in ("Nobody here is stupid; you are not an idiot.", "The bus leaves at nine."):
        result = kernel.safeguard(text)
        assert (result["severity"], result["spans"]) == ("none", [])
        assert result["recommendations"] == ["No action needed."]
