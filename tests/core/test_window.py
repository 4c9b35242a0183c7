import numpy as np
import pytest

from core.model import Floats
from core.story import stability, trend, turning_points
from core.window import anomaly

CALM = [
    "The library is open every day, and the staff help visitors with care.",
    "We are satisfied with the simple design and the fair price.",
    "The team learned a lesson and shared what they know with the community.",
]
STORM = "War, attack and panic: riots spread, enemies invade, chaos and crisis out of control!"


def _f1(rows: Floats) -> float:
    law = anomaly(rows)
    assert law
    return law["f1"]


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


def test_thirty_texts_are_judged_by_the_law(kernel):
    window = kernel.window((CALM * 9 + [STORM, CALM[0]] * 4)[:35])
    law = window["tracy_widom"]
    assert window["index_source"] == "tracy_widom_window"
    assert window["index"] == law["f1"]
    assert law["rows"] == 35
    assert law["quantile_95"] == pytest.approx(0.9793, abs=1e-4)


def test_window_that_never_varies_has_no_law(kernel):
    window = kernel.window([CALM[0]] * 40)
    assert window["tracy_widom"] is None
    assert window["story"]["stability"] == 1.0
    assert window["story"]["archetype_transitions"] == 0


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


def test_noise_is_not_an_anomaly_and_a_common_factor_is():
    rng = np.random.default_rng(9)
    quiet = [_f1(rng.normal(size=(60, 12))) for _ in range(200)]
    assert np.mean(np.array(quiet) > 0.95) < 0.12
    assert 0.2 < np.mean(quiet) < 0.65
    factor = rng.normal(size=(60, 1)) + 0.3 * rng.normal(size=(60, 12))
    assert _f1(factor) > 0.999


def test_trend_and_turning_points():
    assert trend([0.1, 0.2, 0.3]) == {"slope": 0.1, "acceleration": 0.0, "direction": "rising"}
    assert trend([0.2])["direction"] == "flat"
    assert turning_points([0.0, 0.1, 0.5, 0.2, 0.1, 0.4]) == [2, 5]


def test_stability_of_a_jump():
    assert stability([[1.0, 0.0], [0.0, 1.0]]) == pytest.approx(1.0 / (1.0 + 2.0**0.5))
