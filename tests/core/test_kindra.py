from typing import Any

import pytest

from contract.options import Context, Options
from core.kernel import Kernel

TEXT = "The plan was discussed at the meeting and the report was published."


def _moved(kernel: Kernel, **context: Any) -> dict[str, Any]:
    before = kernel.signal(TEXT)["kindra"]["scores"]
    after = kernel.signal(TEXT, Options(context=Context(**context)))["kindra"]["scores"]
    keys = sorted(set(before) | set(after))
    moved = {key: after.get(key, 0.0) - before.get(key, 0.0) for key in keys}
    return {
        key: pytest.approx(value, abs=2e-6) for key, value in moved.items() if abs(value) > 1e-5
    }


@pytest.mark.parametrize(
    ("context", "moved"),
    [
        ({"country": "BR"}, {"L1.E01": 0.6, "L1.P17": -0.2, "L1.R33": -0.1}),
        ({"country": "ZZ"}, {}),
        ({"sector": "tech"}, {"L1.R33": -0.2, "L1.R37": 0.6}),
        ({"media_tone": "alarmist"}, {"L2.E02": 0.3, "L2.R33": 0.7}),
        ({"channel": "podcast"}, {"L2.M46": 0.2}),
        ({"channel": "podcast", "media_tone": "opinionated"},
         {"L2.E02": 0.2, "L2.M46": 0.2, "L2.P21": 0.4}),
        ({"sentiment": "negative", "sentiment_intensity": 0.5}, {"L2.R33": 0.1}),
        ({"sentiment": "negative", "sentiment_intensity": 0.7}, {"L2.P21": 0.4, "L2.R33": 0.14}),
        ({"institutional_strength": 0.7}, {"L3.P18": 0.5}),
        ({"power_concentration": 0.9}, {"L3.P17": -0.4}),
        ({"regulatory_stability": 0.3}, {"L3.R33": -0.4}),
        ({"regulatory_stability": 0.5}, {}),
    ],
)  # fmt: skip
def test_context_rules(kernel, context, moved):
    assert _moved(kernel, **context) == moved


def test_score_is_clamped(kernel):
    text = "Shocking horror: panic spreads, doomsday, bloodbath, terrifying nightmare scenario!"
    tone = Options(context=Context(media_tone="sensational", sentiment="negative"))
    assert kernel.signal(text, tone)["kindra"]["scores"]["L2.R33"] == 1.0


def test_context_alone_does_not_break_silence(kernel):
    signal = kernel.signal("zzz", Options(context=Context(country="BR")))
    assert signal["abstained"]
    assert signal["kindra"]["scores"] == {}


def test_boosted_archetype_gains_and_suppressed_loses(kernel):
    plain = kernel.signal(TEXT)["delta12"]
    formal = kernel.signal(TEXT, Options(context=Context(country="JP")))["delta12"]
    assert formal["A07_RULER"] > plain["A07_RULER"]
    assert formal["A05_EXPLORER"] < plain["A05_EXPLORER"]
