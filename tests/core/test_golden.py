"""Texts written for the project, each with the reason why its reading is sensible."""

import json
import operator
from pathlib import Path

import pytest

from contract.options import Options
from contract.signal import Signal
from core import __version__
from core.encoding import digest
from tests.core.golden.update import found

GOLDEN = Path(__file__).parent / "golden"
TEXTS = json.loads((GOLDEN / "texts.json").read_text(encoding="utf-8"))
COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@pytest.fixture(params=TEXTS, ids=lambda text: text["name"])
def text(request):
    return request.param


def _value(signal: Signal, name: str) -> float:
    if name == "confidence":
        return signal["confidence"]
    if name.startswith("POL_"):
        return signal["polarities"][name]
    return signal["kindra"]["scores"].get(name, 0.0)


def test_bytes_are_the_reviewed_ones(kernel, text):
    expected = (GOLDEN / "signals" / f"{text['name']}.json").read_bytes()
    assert found(kernel, text["text"]) == expected


def test_stamps_are_of_the_kernel_and_its_data(kernel):
    options = Options(steps=2)
    signal = kernel.signal("War  and peace.", options)
    assert signal["version"] == __version__
    assert signal["data_version"] == kernel.data_version
    parts = ("War and peace.", options.canonical(), kernel.data_version)
    assert signal["signal_id"] == digest(parts)


def test_reading_is_what_the_reason_says(kernel, text):
    signal, expect = kernel.signal(text["text"]), text["expect"]
    assert signal["archetype"] == expect["archetype"]
    assert signal["tw_regime"] in expect["regimes"]
    assert signal["bias_label"] == expect["bias_label"]
    if expect["archetype"] is None:
        assert signal["abstained"]
    else:
        assert signal["state"]["column"] in expect["columns"]
    for name, (comparison, bound) in expect["where"].items():
        assert COMPARE[comparison](_value(signal, name), bound), name


def test_every_text_has_a_reason_and_both_languages_are_covered(kernel):
    assert len(TEXTS) >= 40
    assert all(len(text["reason"].split()) >= 6 for text in TEXTS)
    languages = [kernel.signal(text["text"])["language"] for text in TEXTS]
    assert min(languages.count("en"), languages.count("pt")) >= 15


def test_twins_in_two_languages_are_read_alike(kernel):
    twins = [
        ("earnings_en_raise", "earnings_pt_alta"),
        ("earnings_en_cut", "earnings_pt_queda"),
        ("geo_en_strike", "geo_pt_ataque"),
        ("geo_en_ceasefire", "geo_pt_acordo"),
        ("review_en_broken", "review_pt_defeito"),
        ("neutral_en_meeting", "neutral_pt_aviso"),
    ]
    texts = {text["name"]: text["text"] for text in TEXTS}
    for english, portuguese in twins:
        states = [kernel.signal(texts[name])["delta_state"] for name in (english, portuguese)]
        assert states[0] == states[1]
