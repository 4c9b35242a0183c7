import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.data import DEFAULT_DIRECTORY, FILES, DataError, load


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(DEFAULT_DIRECTORY, tmp_path / "data")


def _change(folder: Path, name: str, change: Callable[[Any], object]) -> None:
    file = folder / name
    value = json.loads(file.read_text(encoding="utf-8"))
    change(value)
    file.write_text(json.dumps(value), encoding="utf-8")


def test_counts():
    v = load()
    assert (len(v.archetypes), len(v.columns), len(v.states)) == (12, 12, 144)
    assert (len(v.polarities), len(v.modifiers), len(v.kindras)) == (48, 62, 144)


def test_states_are_row_major_and_spread_evenly():
    v = load()
    assert [state.index for state in v.states] == list(range(144))
    assert v.states[76].id == "A07_RULER_6_05"
    for name in ("profile", "plane"):
        values = [getattr(state, name) for state in v.states]
        assert {value: values.count(value) for value in values} == dict.fromkeys(values, 48)


def test_polarities_lie_on_the_planes_of_the_source():
    v = load()
    tally = {p: sum(p in x.tw_alignment for x in v.polarities) for p in ("3", "6", "9")}
    assert tally == {"3": 31, "6": 27, "9": 29}


def test_version_changes_with_the_contents(folder):
    before = load(folder).version
    _change(folder, "concepts.json", lambda d: d["concepts"][0].update(description="Another."))
    assert load(folder).version != before


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(DataError) as caught:
        load(folder)
    assert (caught.value.file, caught.value.path) == (name, "$")


@pytest.mark.parametrize("name", FILES)
def test_unknown_key_is_named(folder, name):
    _change(folder, name, lambda d: d.update(surprise=1))
    with pytest.raises(DataError, match="unknown key 'surprise'") as caught:
        load(folder)
    assert caught.value.file == name


BROKEN = {
    "count": ("archetypes.json", lambda d: d["archetypes"].pop(), "$.archetypes", "12 elements"),
    "id": (
        "states.json",
        lambda d: d["states"][5].update(id="A01_CREATOR_3_06"),
        "$.states[5].id",
        "A01_CREATOR_6_06",
    ),
    "plane": (
        "columns.json",
        lambda d: d["columns"][2].update(plane="3"),
        "$.columns[2].plane",
        "'6'",
    ),
    "modifier": (
        "states.json",
        lambda d: d["states"][0]["default_modifiers"].append("MOD_NOBODY"),
        "$.states[0].default_modifiers",
        "1 to 2 elements",
    ),
    "modifier reference": (
        "states.json",
        lambda d: d["states"][0].update(default_modifiers=["MOD_NOBODY"]),
        "$.states[0].default_modifiers[0]",
        "modifiers.json",
    ),
    "boost target": (
        "kindras.layer2.json",
        lambda d: d["vectors"][3].update(boost=["A02_ORPHAN"]),
        "$.vectors[3].boost[0]",
        "archetypes.json",
    ),
    "boost and suppress": (
        "kindras.layer1.json",
        lambda d: d["vectors"][0].update(boost=["A02_SAGE"], suppress=["A02_SAGE"]),
        "$.vectors[0].suppress[0]",
        "at once",
    ),
    "concept": (
        "readings.json",
        lambda d: d["bias"][0]["evidence"].update(nonsense=1),
        "$.bias[0].evidence.nonsense",
        "concepts.json",
    ),
    "weight": (
        "modifiers.json",
        lambda d: d["modifiers"][7].update(evidence={"fear": 0.3}),
        "$.modifiers[7].evidence.fear",
        "multiple of 0.25",
    ),
    "rule target": (
        "context_rules.json",
        lambda d: d["country"]["BR"].update({"L2.M12": 0.5}),
        "$.country.BR.L2.M12",
        "Kindra files",
    ),
    "plane weights": (
        "tw369.json",
        lambda d: d["domains"]["GEO"].update({"3": 0.9}),
        "$.domains.GEO",
        "sum to 1",
    ),
    "term": (
        "lexicon.pt.json",
        lambda d: d["terms"]["joy"].append("a*b"),
        "$.terms.joy",
        "form",
    ),
    "stem": (
        "lexicon.en.json",
        lambda d: d["terms"]["joy"].append("jo*"),
        "$.terms.joy",
        "shorter than 3",
    ),
    "no terms": (
        "lexicon.en.json",
        lambda d: d["terms"].pop("joy"),
        "$.terms",
        "'joy' has no terms",
    ),
    "opposite": (
        "concepts.json",
        lambda d: d["concepts"][0].update(opposite="nothing_known"),
        "$.concepts[0].opposite",
        "not a concept",
    ),
    "repeat": (
        "polarities.json",
        lambda d: d["polarities"][1].update(id=d["polarities"][0]["id"]),
        "$.polarities[1]",
        "appears twice",
    ),
    "schema": (
        "tw369.json",
        lambda d: d.update(schema="kaldra.tw369/2"),
        "$.schema",
        "kaldra.tw369/1",
    ),
    "number": (
        "tw369.json",
        lambda d: d["regime"].update(stable_below=True),
        "$.regime.stable_below",
        "must be a number",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_file_is_refused_with_file_path_and_reason(folder, case):
    name, change, path, reason = BROKEN[case]
    _change(folder, name, change)
    with pytest.raises(DataError) as caught:
        load(folder)
    assert caught.value.file == name
    assert caught.value.path.startswith(path)
    assert reason in caught.value.reason
    assert str(caught.value) == f"{name}: {caught.value.path}: {caught.value.reason}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"{", "not valid JSON"), (b"\xff", "cannot be read"), (b'{"a": 1, "a": 2}', "appears twice")],
)
def test_unreadable_json_is_refused(folder, content, reason):
    (folder / "tw369.json").write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        load(folder)
    assert caught.value.file == "tw369.json"
