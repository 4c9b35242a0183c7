"""Every score of every answer lies where its documentation says, whatever is read and asked."""

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.options import Context, Options
from tests.core.test_properties import anything, texts

options = st.builds(
    Options,
    language=st.sampled_from(["auto", "en", "pt"]),
    tw_profile=st.sampled_from(["default", "conservative_v1", "exploratory_v1"]),
    steps=st.integers(1, 5),
    context=st.builds(
        Context,
        country=st.sampled_from([None, "BR", "US", "JP"]),
        sector=st.sampled_from([None, "tech", "banking", "energy"]),
        media_tone=st.sampled_from([None, "sensational", "analytical"]),
        channel=st.sampled_from([None, "podcast"]),
    ),
)

UNSIGNED = (0.0, 1.0)
SIGNED = (-1.0, 1.0)
DRIFT_METRIC = (0.0, 1.0 / 3.0 + 1e-6)
RATE = (0.0, float("inf"))
DISTANCE = (0.0, 2.0**0.5)
BOUNDS: Mapping[str, tuple[float, float]] = {
    "kindra": SIGNED,
    "planes": UNSIGNED,
    **dict.fromkeys(
        ("dominant_vectors", "kindra_layer1", "kindra_layer2", "kindra_layer3"), SIGNED
    ),
    "meta_modifiers": (-0.1, 2.1),
    "drift": SIGNED,
    "drift_metric": DRIFT_METRIC,
    "net_sentiment": SIGNED,
    "entropy": (0.0, 4.97),
    "pain": RATE,
    "praise": RATE,
    "pain_rate": RATE,
    "praise_rate": RATE,
    "rates": RATE,
    "guidance": RATE,
    "trend": (-4.0, 4.0),
}
"""Of numbers by the nearest name here on their way; any other number lies in [0, 1]."""

STORY_ITEMS = {**BOUNDS, "drift": DISTANCE}


def outside(
    value: Any,
    bounds: Mapping[str, tuple[float, float]],
    within: tuple[float, float] = UNSIGNED,
    path: str = "$",
) -> Iterator[str]:
    """Tell of the floats in `value` that leave their bounds."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from outside(item, bounds, bounds.get(name, within), f"{path}.{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from outside(item, bounds, within, f"{path}[{place}]")
    elif isinstance(value, float) and not within[0] <= value <= within[1]:
        yield f"{path}: {value} is outside {within}"


@given(st.one_of(texts, anything), options)
@settings(deadline=None)
def test_signals(kernel, text, chosen):
    assert not list(outside(kernel.signal(text, chosen), BOUNDS))


@given(st.one_of(texts, anything), options)
@settings(deadline=None, max_examples=60)
def test_apps(kernel, text, chosen):
    for app in (kernel.alpha, kernel.geo, kernel.product, kernel.safeguard):
        assert not list(outside(app(text, chosen), BOUNDS))


@given(st.lists(st.one_of(texts, anything), min_size=1, max_size=5), st.sampled_from([1, 9]))
@settings(deadline=None, max_examples=30)
def test_windows(kernel, listed, times):
    window = kernel.window(listed * times)
    law = window.pop("tracy_widom")
    assert law is None or 0.0 <= law["f1"] <= 1.0
    assert not list(outside(window, STORY_ITEMS))
