import json
import shutil
from collections.abc import Callable
from operator import setitem
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

Change = Callable[[Any], object]


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(DEFAULT_DIRECTORY, tmp_path / "data")


def _change(folder: Path, name: str, change: Change) -> None:
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


def _edit(path: str, edit: Callable[[Any, Any], object]) -> Change:
    """Edit the member at `path`, names and indices between slashes, of what holds it."""

    def change(data: Any) -> None:
        for name in path.split("/")[:-1]:
            data = data[int(name) if isinstance(data, list) else name]
        last = path.rpartition("/")[2]
        edit(data, int(last) if isinstance(data, list) else last)

    return change


def put(path: str, value: object) -> Change:
    return _edit(path, lambda holder, last: setitem(holder, last, value))


def add(path: str, value: str) -> Change:
    return _edit(path, lambda holder, last: holder[last].append(value))


def drop(path: str) -> Change:
    return _edit(path, lambda holder, last: holder.pop(last))


def rename(listed: str, old: str, new: str) -> Change:
    """Give the member `old` of a list another id."""
    return lambda data: next(item for item in data[listed] if item["id"] == old).update(id=new)


MODIFIERS = "states/0/default_modifiers"
BROKEN: dict[str, list[tuple[Change, str, str]]] = {
    "archetypes.json": [
        (drop("archetypes/0"), "$.archetypes", "12 elements"),
        (put("archetypes/1/id", "A02_ORPHAN"), "$.archetypes[1].id", "'A02_SAGE'"),
        (put("archetypes/3/journey_role", "VILLAIN"), "$.archetypes[3].journey_role",
         "or 'ORACLE', not 'VILLAIN'"),
        (put("archetypes/3/stoic_axis", "apathy"), "$.archetypes[3].stoic_axis", "Stoic reading"),
    ],
    "columns.json": [(put("columns/2/plane", "3"), "$.columns[2].plane", "'6'")],
    "concepts.json": [
        (put("concepts/0/opposite", "nothing_known"), "$.concepts[0].opposite", "not a concept"),
        (rename("concepts", "toxic_threat", "toxic_menace"), "$.concepts", "'toxic_threat'"),
    ],
    "context_rules.json": [
        (put("country/BR/L2.M12", 0.5), "$.country.BR.L2.M12", "Kindra files"),
        (put("podcast_tone/solemn", {}), "$.podcast_tone.solemn", "or 'editorial', not 'solemn'"),
    ],
    "kindras.layer1.json": [
        (lambda d: d["vectors"][0].update(boost=["A02_SAGE"], suppress=["A02_SAGE"]),
         "$.vectors[0].suppress[0]", "at once"),
    ],
    "kindras.layer2.json": [
        (put("vectors/3/boost", ["A02_ORPHAN"]), "$.vectors[3].boost[0]", "'A01_CREATOR', "),
    ],
    "lexicon.en.json": [
        (add("terms/joy", "jo*"), "$.terms.joy", "shorter than 3"),
        (drop("terms/joy"), "$.terms", "'joy' has no terms"),
        (add("neutral_phrases", "€"), "$.neutral_phrases[", "letter"),
        (add("neutral_phrases", "*"), "$.neutral_phrases[", "form"),
        *((add(key, word), f"$.{key}[", "single word")
          for key in ("function_words", "negators", "intensifiers")
          for word in ("€", "*", "!", "two words")),
    ],
    "lexicon.pt.json": [
        *((add("terms/joy", t), "$.terms.joy[", "letter") for t in ("€", "joy €", "...", "€*")),
        *((add("terms/joy", t), "$.terms.joy[", "form") for t in ("*", "a*b")),
        (add("terms/joy", "€€jo*"), "$.terms.joy[", "shorter"),
    ],
    "modifiers.json": [
        (put("modifiers/7/evidence", {"fear": 0.3}), "$.modifiers[7].evidence.fear",
         "multiple of 0.25"),
    ],
    "polarities.json": [
        (drop("version"), "$", "'version' is missing"),
        (lambda d: d["polarities"][1].update(id=d["polarities"][0]["id"]), "$.polarities[1]",
         "appears twice"),
        (rename("polarities", "POL_INDIVIDUAL_COLLECTIVE", "POL_SELF_COLLECTIVE"), "$.polarities",
         "'POL_INDIVIDUAL_COLLECTIVE'"),
    ],
    "readings.json": [
        (put("bias/0/evidence/nonsense", 1), "$.bias[0].evidence.nonsense", "concepts.json"),
        (lambda d: d["campbell"].reverse(), "$.campbell[0].id", "'ORDINARY_WORLD'"),
        *((put(f"{reading}/2/id", "renamed"), f"$.{reading}[2].id", f"'{ids[2]}'")
          for reading, ids in READING_IDS.items()),
    ],
    "states.json": [
        (put("version", 1), "$.version", "valid string, not 1"),
        (put("states/5/id", "A01_CREATOR_3_06"), "$.states[5].id", "A01_CREATOR_6_06"),
        (add(MODIFIERS, "MOD_WOUNDED"), "$.states[0].default_modifiers", "at most 2 items"),
        (put(MODIFIERS, ["MOD_NOBODY"]), "$.states[0].default_modifiers[0]", "modifiers.json"),
    ],
    "tw369.json": [
        (put("domains/GEO/3", 0.9), "$.domains.GEO", "sum to 1"),
        (drop("domains/GEO"), "$.domains", "'GEO' is missing"),
        (put("schema", "kaldra.tw369/2"), "$.schema", "kaldra.tw369/1"),
        (put("regime/stable_below", True), "$.regime.stable_below", "valid number"),  # noqa: FBT003
        (put("max_steps", 5), "$.max_steps", "greater than or equal to 10, not 5"),
        (put("window_minimum", 2), "$.window_minimum", "greater than or equal to 3, not 2"),
    ],
}  # fmt: skip
CASES = [(name, *case) for name, cases in BROKEN.items() for case in cases]


@pytest.mark.parametrize(("name", "change", "path", "reason"), CASES)
def test_broken_file_is_refused_with_file_path_and_reason(folder, name, change, path, reason):
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
