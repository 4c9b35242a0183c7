import json
import shutil
from collections.abc import Callable
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, get_args

import pytest

from core.apps import safeguard
from core.bias import DIMENSIONS
from core.meta import campbell
from core.story import STAGE_OF_ROLE
from core.vocabulary.base import DataError
from core.vocabulary.loader import DEFAULT_DIRECTORY, FILES, load
from core.vocabulary.records import ARCHETYPE_IDS, READING_IDS, JourneyRole


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(DEFAULT_DIRECTORY, tmp_path / "data")


def _change(folder: Path, name: str, change: Callable[[Any], object]) -> None:
    file = folder / name
    value = json.loads(file.read_text(encoding="utf-8"))
    change(value)
    file.write_text(json.dumps(value), encoding="utf-8")


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
    _change(folder, "concepts.json", lambda d: d["concepts"][0]["label"].update(pt="Outra."))
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


def _append(value: str, *path: str) -> Callable[[Any], object]:
    """Add `value` to the list at `path`."""
    return lambda data: reduce(getitem, path, data).append(value)


def _reidentify(listed: str, old: str, new: str) -> Callable[[Any], object]:
    """Give the member `old` of a list another id."""
    return lambda data: next(item for item in data[listed] if item["id"] == old).update(id=new)


def _rename(reading: str) -> Callable[[Any], object]:
    return lambda data: data[reading][2].update(id="renamed")


BROKEN: dict[str, tuple[str, Callable[[Any], object], str, str]] = {
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
        lambda d: d["states"][0]["default_modifiers"].append("MOD_WOUNDED"),
        "$.states[0].default_modifiers",
        "at most 2 items",
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
        "'A01_CREATOR', ",
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
        "valid number",
    ),
    "no version": ("polarities.json", lambda d: d.pop("version"), "$", "'version' is missing"),
    "version": ("states.json", lambda d: d.update(version=1), "$.version", "valid string, not 1"),
    "legacy archetype": (
        "archetypes.json",
        lambda d: d["archetypes"][1].update(id="A02_ORPHAN"),
        "$.archetypes[1].id",
        "'A02_SAGE'",
    ),
    "role": (
        "archetypes.json",
        lambda d: d["archetypes"][3].update(journey_role="VILLAIN"),
        "$.archetypes[3].journey_role",
        "or 'ORACLE', not 'VILLAIN'",
    ),
    "Stoic axis": (
        "archetypes.json",
        lambda d: d["archetypes"][3].update(stoic_axis="apathy"),
        "$.archetypes[3].stoic_axis",
        "Stoic reading",
    ),
    "axis order": (
        "readings.json",
        lambda d: d["campbell"].reverse(),
        "$.campbell[0].id",
        "'ORDINARY_WORLD'",
    ),
    "polarity the code asks for": (
        "polarities.json",
        _reidentify("polarities", "POL_INDIVIDUAL_COLLECTIVE", "POL_SELF_COLLECTIVE"),
        "$.polarities",
        "'POL_INDIVIDUAL_COLLECTIVE'",
    ),
    "concept the code asks for": (
        "concepts.json",
        _reidentify("concepts", "toxic_threat", "toxic_menace"),
        "$.concepts",
        "'toxic_threat'",
    ),
    "podcast tone": (
        "context_rules.json",
        lambda d: d["podcast_tone"].update(solemn={}),
        "$.podcast_tone.solemn",
        "or 'editorial', not 'solemn'",
    ),
    "domain": ("tw369.json", lambda d: d["domains"].pop("GEO"), "$.domains", "'GEO' is missing"),
    "steps": (
        "tw369.json",
        lambda d: d.update(max_steps=5),
        "$.max_steps",
        "greater than or equal to 10, not 5",
    ),
    "window of two": (
        "tw369.json",
        lambda d: d.update(window_minimum=2),
        "$.window_minimum",
        "greater than or equal to 3, not 2",
    ),
}
BROKEN |= {
    f"{reading} axis": (
        "readings.json",
        _rename(reading),
        f"$.{reading}[2].id",
        f"'{ids[2]}'",
    )
    for reading, ids in READING_IDS.items()
}
BROKEN |= {
    f"{key} {word}": (
        "lexicon.en.json",
        _append(word, key),
        f"$.{key}[",
        "single word",
    )
    for key in ("function_words", "negators", "intensifiers")
    for word in ("€", "*", "!", "two words")
}
BROKEN |= {
    f"term {term}": (
        "lexicon.pt.json",
        _append(term, "terms", "joy"),
        "$.terms.joy[",
        reason,
    )
    for term, reason in (
        ("€", "letter"),
        ("joy €", "letter"),
        ("...", "letter"),
        ("€*", "letter"),
        ("*", "form"),
        ("€€jo*", "shorter"),
    )
}
BROKEN |= {
    f"neutral phrase {phrase}": (
        "lexicon.en.json",
        _append(phrase, "neutral_phrases"),
        "$.neutral_phrases[",
        reason,
    )
    for phrase, reason in (("€", "letter"), ("*", "form"))
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


def test_what_the_loader_requires_is_what_the_code_names():
    assert set(STAGE_OF_ROLE) == set(get_args(JourneyRole))
    stages = {*STAGE_OF_ROLE.values(), *campbell.HIGH_POTENTIAL, *campbell.LOW_POTENTIAL}
    assert stages <= set(READING_IDS["campbell"])
    assert READING_IDS["bias"] == (*DIMENSIONS, "loaded")
    assert set(safeguard.FLAGS) <= set(DIMENSIONS)
    assert ARCHETYPE_IDS[campbell.HERO] == "A04_HERO"
