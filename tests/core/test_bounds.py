"""Every answer keeps its contract, whatever is read and asked: fields, value lists and bounds."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contract.apps import AlphaAnswer, GeoAnswer, ProductAnswer, SafeguardAnswer
from contract.options import Context, Options
from contract.signal import Signal
from contract.window import WindowAnswer
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

SIGNAL: TypeAdapter[Any] = TypeAdapter(Signal)
WINDOW: TypeAdapter[Any] = TypeAdapter(WindowAnswer)
APPS: dict[str, TypeAdapter[Any]] = {
    "alpha": TypeAdapter(AlphaAnswer),
    "geo": TypeAdapter(GeoAnswer),
    "product": TypeAdapter(ProductAnswer),
    "safeguard": TypeAdapter(SafeguardAnswer),
}


@given(st.one_of(texts, anything), options, st.booleans())
@settings(deadline=None)
def test_signals(kernel, text, chosen, explain):
    chosen = chosen.model_copy(update={"explain": explain})
    SIGNAL.validate_python(kernel.signal(text, chosen), strict=True)


@given(st.one_of(texts, anything), options)
@settings(deadline=None, max_examples=60)
def test_apps(kernel, text, chosen):
    for name, answer in APPS.items():
        answer.validate_python(getattr(kernel, name)(text, chosen), strict=True)


@given(st.lists(st.one_of(texts, anything), min_size=1, max_size=5), st.sampled_from([1, 9]))
@settings(deadline=None, max_examples=30)
def test_windows(kernel, listed, times):
    WINDOW.validate_python(kernel.window(listed * times), strict=True)
