import numpy as np
import pytest

from core.drift import largest_change
from core.story import stability, trend, turning_points
from core.window import correlation

CALM = [
    "The library is open every day, and the staff help visitors with care.",
    "We are satisfied with the simple design and the fair price.",
    "The team learned a lesson and shared what they know with the community.",
]
STORM = "War, attack and panic: riots spread, enemies invade, chaos and crisis out of control!"
ALARM = "Rebels attack again; angry crowds fight the police, and violence spreads."


def test_few_texts_are_averaged(kernel):
    window = kernel.window([*CALM, "zzz"])
    own = [item["index"] for item in window["items"] if not item["abstained"]]
    assert window["index_source"] == "mean_of_texts"
    assert window["index"] == pytest.approx(sum(own) / 3, abs=1e-6)
    assert window["tracy_widom"] is None
    assert window["count"] == 4
    assert window["items"][3]["journey_stage"] is None
    assert window["items"][3]["wording_drift"] > 0.5


def test_turning_points_are_of_texts_that_speak(kernel):
    story = kernel.window([CALM[0], "zzz", CALM[0]])["story"]
    assert (story["turning_points"], story["stability"]) == ([], 1.0)
    story = kernel.window([CALM[0], "zzz", STORM, "zzz", CALM[0]])["story"]
    assert story["turning_points"] == [2, 4], "there and back"


def test_shift_is_found_where_it_is_and_named(kernel):
    window = kernel.window([*CALM * 4, "zzz", *[STORM, ALARM] * 6])
    drift = window["drift"]
    assert window["tw_regime"] == "UNSTABLE"
    assert (window["index_source"], window["index"]) == ("drift_test", 0.995)
    assert (drift["texts"], drift["split"]) == (24, 13), "silent texts keep their place"
    assert drift["seen_in"] == "states"
    assert {share["id"] for share in drift["moved"]} >= {"A08_REBEL", "COL_06_REACTIVE"}
    assert drift["reason"].startswith("Between texts 11 and 13 the means change (p = 0.005): ")
    assert window["tracy_widom"] is None, "thirty texts are asked for"


def test_change_of_register_is_seen_in_the_wording(kernel):
    formal = [f"{text} The committee notes this with satisfaction." for text in CALM * 4]
    chatty = [f"omg yeah {text.lower()} lol so good u guys" for text in CALM * 4]
    drift = kernel.window([*formal, *chatty])["drift"]
    assert (drift["p_value"], drift["split"]) == (0.005, 12)
    assert kernel.window([*formal, *formal])["tw_regime"] == "STABLE"


def test_order_decides_about_drift(kernel):
    ordered = [*CALM * 4, *[STORM, ALARM] * 6]
    mixed = [text for pair in zip(CALM * 4, [STORM, ALARM] * 6, strict=True) for text in pair]
    assert kernel.window(ordered)["tw_regime"] == "UNSTABLE"
    assert kernel.window(mixed)["tw_regime"] == "STABLE"
    assert "No change" in kernel.window(mixed)["drift"]["reason"]


def test_correlation_is_reported_from_thirty_texts(kernel):
    law = kernel.window((CALM * 9 + [STORM, CALM[0]] * 4)[:35])["tracy_widom"]
    assert law["rows"] == 35
    assert law["quantile_95"] == pytest.approx(0.9793, abs=1e-4)


def test_window_that_never_varies(kernel):
    window = kernel.window([CALM[0]] * 40)
    assert (window["drift"]["p_value"], window["tw_regime"]) == (1.0, "STABLE")
    assert window["tracy_widom"] is None
    assert window["story"]["stability"] == 1.0
    assert window["story"]["archetype_transitions"] == 0


@pytest.mark.parametrize("texts", [12, 60])
def test_false_alarms_are_as_rare_as_stated(texts):
    rng = np.random.default_rng(9)
    rows = [[rng.random((texts, 24)) ** 4, rng.normal(size=(texts, 16))] for _ in range(300)]
    found = [largest_change(kinds, str(i)).p_value for i, kinds in enumerate(rows)]
    assert 0.02 <= np.mean(np.array(found) <= 0.05) <= 0.08
    assert 0.14 <= np.mean(np.array(found) <= 0.2) <= 0.26


def test_late_change_is_found():
    rng = np.random.default_rng(9)
    rows = rng.normal(size=(40, 24))
    rows[34:] += 1.5
    still = rng.normal(size=(40, 24))
    for place, kinds in enumerate(([rows, still], [still, rows])):
        change = largest_change(kinds, "key")
        assert (change.split, change.kind) == (34, place)
        assert change.p_value <= 0.01


def test_window_of_nothing(kernel):
    with pytest.raises(ValueError, match="at least one text"):
        kernel.window([])
    silent = kernel.window(["", "zzz"])
    assert (silent["index"], silent["story"]["dominant_stage"]) == (0.0, None)


def test_order_matters_to_the_story_and_its_id(kernel):
    forward, backward = kernel.window([*CALM, STORM]), kernel.window([STORM, *CALM])
    assert forward["window_id"] != backward["window_id"]
    assert forward["story"]["trend"]["direction"] == "rising"
    assert backward["story"]["trend"]["direction"] == "falling"
    assert 3 in forward["story"]["turning_points"]


def test_common_factor_is_correlation():
    rng = np.random.default_rng(9)
    factor = correlation(rng.normal(size=(60, 1)) + 0.3 * rng.normal(size=(60, 12)))
    assert factor
    assert factor["f1"] > 0.999


def test_trend_and_turning_points():
    assert trend([0.1, 0.2, 0.3]) == {"slope": 0.1, "acceleration": 0.0, "direction": "rising"}
    assert trend([0.2])["direction"] == "flat"
    assert turning_points([0.0, 0.1, 0.5, 0.2, 0.1, 0.4]) == [2, 5]


def test_stability_of_a_jump():
    assert stability([[1.0, 0.0], [0.0, 1.0]]) == pytest.approx(1.0 / (1.0 + 2.0**0.5))
