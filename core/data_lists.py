"""Checks of concepts, Kindra layers, readings and lexicons."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from core.node import Node
from core.text import BREAKS, fold, tokens
from core.vocabulary import Axis, Concept, Kindra, Label, Layer, LexiconSource, Readings, Weights

LAYER_NAMES = {1: "L1_CULTURAL_MACRO", 2: "L2_SEMIOTIC_MEDIA", 3: "L3_STRUCTURAL_SYSTEMIC"}
LETTERS = "ESPTRM"
CONCEPT_IDS = ("toxic_threat",)
"""The concepts that the code names: the safeguard alerts a person to a threat."""

READING_IDS: dict[str, tuple[str, ...]] = {
    "nietzsche": (
        "will_to_power",
        "resentment",
        "life_affirmation",
        "life_negation",
        "free_spirit",
        "active_nihilism",
        "passive_nihilism",
        "eternal_return_acceptance",
        "transvaluation",
        "dionysian_force",
        "apollonian_order",
        "amor_fati",
    ),
    "aurelius": (
        "perception_clarity",
        "assent_to_reality",
        "right_action",
        "discipline_of_will",
        "emotional_regulation",
        "fate_acceptance",
        "control_dichotomy",
        "premeditatio_malorum",
        "desire_restraint",
        "character_integrity",
        "self_mastery",
        "serenity",
    ),
    "campbell": (
        "ORDINARY_WORLD",
        "CALL_TO_ADVENTURE",
        "REFUSAL_OF_CALL",
        "MEETING_MENTOR",
        "CROSSING_THRESHOLD",
        "TESTS_ALLIES_ENEMIES",
        "APPROACH_INMOST_CAVE",
        "ORDEAL",
        "REWARD",
        "ROAD_BACK",
        "RESURRECTION",
        "RETURN_WITH_ELIXIR",
    ),
    "bias": ("toxicity", "political", "gender", "racial", "loaded"),
    "metrics": (
        "hedge",
        "uncertainty",
        "guidance",
        "guidance_raised",
        "guidance_lowered",
        "positive",
        "negative",
        "pain",
        "praise",
        "conflict",
        "diplomacy",
        "institutional_stress",
    ),
}
"""The code names these, and counts on their order: the first stage stands for no evidence.

Themes are free: nothing asks for one by name.
"""

WORD = r"[^\s*]+"
TERM = rf"{WORD}\*?(?: {WORD}\*?)*"
MINIMUM_STEM = 3
_TERM = re.compile(TERM)
_LETTER = "[A-Za-zÀ-ÖØ-öø-ÿ]"
_PLAIN_WORD = rf"(?:{_LETTER}+|{_LETTER}{{{MINIMUM_STEM},}}\*)"
_PLAIN = re.compile(rf"{_PLAIN_WORD}(?: {_PLAIN_WORD})*")
"""Nearly all terms; nothing can be wrong with one of these."""


class Known:
    """The ids met so far, for the cross-references of the files that follow."""

    def __init__(self, concepts: tuple[Concept, ...]) -> None:
        self.concepts = concepts
        self.concept_ids = frozenset(concept.id for concept in concepts)
        self.archetype_ids: tuple[str, ...] = ()
        self.modifier_ids: frozenset[str] = frozenset()
        self.kindra_keys: set[str] = set()

    def weights(self, node: Node, *, required: bool = True) -> Weights:
        """Return checked evidence: known concepts with weights in quarters, at least one."""
        found: dict[str, float] = {}
        for concept, value in node.entries():
            if concept not in self.concept_ids:
                value.fail(f"'{concept}' is not a concept of concepts.json")
            weight = value.number(0.25, 1.0)
            if weight * 4 != int(weight * 4):
                value.fail("must be a multiple of 0.25")
            found[concept] = weight
        if required and not found:
            node.fail("must name at least one concept")
        return found


def label(node: Node) -> Label:
    """Return a two-language name."""
    en, pt = node.fields("en", "pt")
    return Label(en.text(), pt.text())


def texts(node: Node) -> tuple[str, ...]:
    """Return a list of strings without repeats."""
    items = node.items()
    found = tuple(item.text() for item in items)
    if len(set(found)) < len(found):
        unique(items, found)
    return found


def unique(nodes: Iterable[Node], values: Iterable[str]) -> None:
    """Fail at the first value that appears a second time."""
    seen: set[str] = set()
    for node, value in zip(nodes, values, strict=True):
        if value in seen:
            node.fail(f"'{value}' appears twice")
        seen.add(value)


def id_at(node: Node, expected: str) -> str:
    """Return an id that is fixed by its position."""
    return node.choice({expected}, f"'{expected}', the id at this position")


def require(node: Node, ids: Container[str], needed: Iterable[str]) -> None:
    """Fail if one of the ids that the code names is not among those of a list."""
    for name in needed:
        if name not in ids:
            node.fail(f"'{name}', which the code asks for, is missing")


def concepts(body: Node) -> tuple[Concept, ...]:
    """Return the concepts; an opposite must be a concept too."""
    (listed,) = body.fields("concepts")
    nodes = listed.items()
    found = []
    for node in nodes:
        id_, description, opposite = node.fields("id", "description", "opposite")
        other = None if opposite.value is None else opposite.text()
        found.append(Concept(id_.text(r"[a-z][a-z0-9_]*"), description.text(), other))
    unique(nodes, [concept.id for concept in found])
    ids = {concept.id for concept in found}
    require(listed, ids, CONCEPT_IDS)
    for node, concept in zip(nodes, found, strict=True):
        if concept.opposite is not None and concept.opposite not in ids:
            node.fields("id", "description", "opposite")[2].fail(
                f"'{concept.opposite}' is not a concept"
            )
    return tuple(found)


def kindra_layer(body: Node, number: int, known: Known) -> Layer:
    """Return one layer of 48 vectors in six domains of eight."""
    layer, name, plane, factor, vectors = body.fields(
        "layer", "name", "tw_plane", "factor", "vectors"
    )
    layer.integer(number, number)
    name.choice({LAYER_NAMES[number]}, f"'{LAYER_NAMES[number]}'")
    plane.choice({str(3 * number)}, f"'{3 * number}', the plane of layer {number}")
    found = tuple(
        _kindra(node, number, position, known) for position, node in enumerate(vectors.items(48))
    )
    known.kindra_keys.update(vector.key for vector in found)
    return Layer(number, name.value, plane.value, factor.number(0.0, 0.5), found)


def _kindra(node: Node, layer: int, position: int, known: Known) -> Kindra:
    fields = node.fields(
        "id",
        "domain",
        "short_name",
        "definition",
        "scale_direction",
        "weight",
        "tension",
        "boost",
        "suppress",
        "evidence",
    )
    id_, domain, name, definition, direction, weight, tension, boost, suppress, evidence = fields
    expected = f"{LETTERS[position // 8]}{position + 1:02d}"
    id_at(id_, expected)
    high, low = direction.fields("high", "low")
    tense_high, tense_low = tension.fields("high", "low")
    evidence_high, evidence_low = evidence.fields("high", "low")
    raised = _targets(boost, known)
    lowered = _targets(suppress, known)
    for target in suppress.items():
        if target.value in raised:
            target.fail(f"'{target.value}' is boosted and suppressed at once")
    return Kindra(
        key=f"L{layer}.{expected}",
        id=expected,
        layer=layer,
        domain=domain.text(r"[A-Z_]+"),
        plane=str(3 * layer),
        name=label(name),
        definition=definition.text(),
        high=high.text(),
        low=low.text(),
        weight=weight.number(0.0, 1.0),
        tension_high=tense_high.number(0.0, 1.0),
        tension_low=tense_low.number(0.0, 1.0),
        boost=raised,
        suppress=lowered,
        evidence_high=known.weights(evidence_high),
        evidence_low=known.weights(evidence_low),
    )


def _targets(node: Node, known: Known) -> tuple[str, ...]:
    for item in node.items():
        item.choice(known.archetype_ids, "an archetype of archetypes.json")
    return texts(node)


def readings(body: Node, known: Known) -> Readings:
    """Return the axes of the readings, the bias dimensions, metrics and product themes."""
    names = ("nietzsche", "aurelius", "campbell", "bias", "metrics", "themes")
    groups = dict(zip(names, body.fields(*names), strict=True))
    return Readings(
        **{name: _axes(node, known, READING_IDS.get(name, ())) for name, node in groups.items()}
    )


def _axes(node: Node, known: Known, expected: tuple[str, ...]) -> tuple[Axis, ...]:
    """Return axes with the ids expected; where none are, any will do."""
    items = node.items(len(expected) or None)
    found = []
    for position, item in enumerate(items):
        id_, name, evidence = item.fields("id", "label", "evidence")
        if expected:
            id_at(id_, expected[position])
        found.append(Axis(id_.text(r"[A-Za-z][A-Za-z_]*"), label(name), known.weights(evidence)))
    unique(items, [axis.id for axis in found])
    return tuple(found)


def lexicon(body: Node, name: str, known: Known) -> LexiconSource:
    """Return the words of a language; every concept must have some, every word a known concept."""
    language, function_words, negators, intensifiers, neutral, terms = body.fields(
        "language",
        "function_words",
        "negators",
        "intensifiers",
        "neutral_phrases",
        "terms",
    )
    language.choice({name}, f"'{name}'")
    found: dict[str, tuple[str, ...]] = {}
    for concept, node in terms.entries():
        if concept not in known.concept_ids:
            node.fail(f"'{concept}' is not a concept of concepts.json")
        found[concept] = _terms(node)
        if not found[concept]:
            node.fail("must hold at least one term")
    missing = sorted(known.concept_ids - set(found))
    if missing:
        terms.fail(f"the concept '{missing[0]}' has no terms")
    return LexiconSource(
        name, _words(function_words), _words(negators), _words(intensifiers), _terms(neutral), found
    )


def _words(node: Node) -> tuple[str, ...]:
    """Return checked single words; they are compared with the tokens of a text as they are."""
    found = texts(node)
    for position, word in enumerate(found):
        folded = fold(word)
        if tokens(folded) != [folded] or folded in BREAKS:
            node.items()[position].fail(f"'{word}' is not a single word")
    return found


def _terms(node: Node) -> tuple[str, ...]:
    """Return checked terms."""
    found = texts(node)
    for position, term in enumerate(found):
        fault = _fault(term)
        if fault:
            node.items()[position].fail(fault)
    return found


def _fault(term: str) -> str | None:
    """Return why a term could never be found in a text, or nothing."""
    if _PLAIN.fullmatch(term):
        return None
    if not _TERM.fullmatch(term):
        return f"'{term}' does not have the form {TERM}"
    for word in term.split():
        stem = word.removesuffix("*")
        pieces = tokens(fold(stem))
        if BREAKS.issuperset(pieces):
            return f"'{word}' holds no letter or digit"
        if stem != word and len(pieces[-1]) < MINIMUM_STEM:
            return f"a stem is shorter than {MINIMUM_STEM} letters"
    return None
