"""Concepts, archetypes, columns, the 144 states, polarities, modifiers, Kindra layers, readings."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from contract.base import Plane, Share, Strict
from core.vocabulary.base import (
    UNIQUE,
    Alignment,
    File,
    Known,
    Label,
    Weights,
    compare,
    fault,
    has_ids,
    in_order,
    reference,
    with_ids,
)

ArchetypeId = Literal[
    "A01_CREATOR",
    "A02_SAGE",
    "A03_MAGICIAN",
    "A04_HERO",
    "A05_EXPLORER",
    "A06_CAREGIVER",
    "A07_RULER",
    "A08_REBEL",
    "A09_LOVER",
    "A10_INNOCENT",
    "A11_TRICKSTER",
    "A12_ORACLE",
]
ARCHETYPE_IDS: tuple[ArchetypeId, ...] = get_args(ArchetypeId)

JourneyRole = Literal[
    "CREATOR",
    "MENTOR",
    "SHAPESHIFTER",
    "HERO",
    "HERALD",
    "ALLY",
    "THRESHOLD_GUARDIAN",
    "SHADOW",
    "LOVER",
    "INNOCENT",
    "TRICKSTER",
    "ORACLE",
]
"""The roles to which the story gives a stage."""

Profile = Literal["EXPANSIVE", "CONTRACTIVE", "TRANSCENDENT"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
COLUMN_PLANES: tuple[Plane, ...] = ("3", "3", "6", "9", "6", "6", "3", "9", "3", "6", "9", "9")
COLUMNS = [
    {"col": i + 1, "profile": PROFILES[i // 4], "plane": plane}
    for i, plane in enumerate(COLUMN_PLANES)
]
CELLS = [
    {"id": f"{archetype}_{column['plane']}_{column['col']:02d}"}
    | {"archetype_id": archetype, "row": row, **column}
    for row, archetype in enumerate(ARCHETYPE_IDS, 1)
    for column in COLUMNS
]
LAYER_NAMES = {1: "L1_CULTURAL_MACRO", 2: "L2_SEMIOTIC_MEDIA", 3: "L3_STRUCTURAL_SYSTEMIC"}
VECTOR_IDS = [f"{'ESPTRM'[i // 8]}{i + 1:02d}" for i in range(48)]

_READINGS = {
    "nietzsche": (
        "will_to_power resentment life_affirmation life_negation free_spirit active_nihilism "
        "passive_nihilism eternal_return_acceptance transvaluation dionysian_force "
        "apollonian_order amor_fati"
    ),
    "aurelius": (
        "perception_clarity assent_to_reality right_action discipline_of_will "
        "emotional_regulation fate_acceptance control_dichotomy premeditatio_malorum "
        "desire_restraint character_integrity self_mastery serenity"
    ),
    "campbell": (
        "ORDINARY_WORLD CALL_TO_ADVENTURE REFUSAL_OF_CALL MEETING_MENTOR CROSSING_THRESHOLD "
        "TESTS_ALLIES_ENEMIES APPROACH_INMOST_CAVE ORDEAL REWARD ROAD_BACK RESURRECTION "
        "RETURN_WITH_ELIXIR"
    ),
    "bias": "toxicity political gender racial loaded",
    "metrics": (
        "hedge uncertainty guidance guidance_raised guidance_lowered positive negative pain "
        "praise conflict diplomacy institutional_stress guidance_kept alarm grave"
    ),
}
READING_IDS = {name: tuple(ids.split()) for name, ids in _READINGS.items()}
"""The code refers to these ids and relies on their order: the first stage means no evidence.

Themes are free.
"""

ModifierId = Annotated[str, reference("modifiers", "modifiers.json")]


class Concept(Strict):
    """A field of meaning; lexicons map words to concepts, the vocabulary maps concepts on."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Label
    description: Label
    opposite: str | None


class Concepts(File):
    """`concepts.json`; the safeguard refers to toxic_threat, the lexicons to insults."""

    schema_: Literal["kaldra.concepts/1"] = Field(alias="schema")
    concepts: Annotated[tuple[Concept, ...], has_ids("toxic_threat", "toxic_insult", "toxic_mild")]

    @field_validator("concepts")
    @classmethod
    def _opposites(cls, concepts: tuple[Concept, ...]) -> tuple[Concept, ...]:
        ids = {None, *(concept.id for concept in concepts)}
        for position, concept in enumerate(concepts):
            if concept.opposite not in ids:
                raise fault(f"'{concept.opposite}' is not a concept", position, "opposite")
        return concepts


class Archetype(Strict):
    """One of the twelve figures."""

    id: ArchetypeId
    label: Label
    essence: Label
    light: Label
    shadow: Label
    drives: Annotated[tuple[Label, ...], Field(min_length=2, max_length=2), UNIQUE]
    journey_role: JourneyRole
    stoic_axis: Annotated[str, reference("stoic_axes", "the Stoic reading of readings.json")]
    description: Label
    commonness: Annotated[float, Field(gt=0, le=10)]
    evidence: Weights


class Archetypes(File):
    """`archetypes.json`, in canonical order."""

    schema_: Literal["kaldra.archetypes/1"] = Field(alias="schema")
    archetypes: Annotated[tuple[Archetype, ...], with_ids(ARCHETYPE_IDS)]


class Column(Strict):
    """One of the twelve ways an archetype can stand (its profile and its TW369 plane)."""

    col: int
    label: Label
    profile: Profile
    plane: Plane
    description: Label
    allowed_modifiers: Annotated[tuple[ModifierId, ...], Field(min_length=3, max_length=5), UNIQUE]
    commonness: Annotated[float, Field(gt=0, le=10)]
    evidence: Weights


class Columns(File):
    """`columns.json`."""

    schema_: Literal["kaldra.columns/1"] = Field(alias="schema")
    columns: Annotated[tuple[Column, ...], in_order(COLUMNS)]


class State(Strict):
    """One of the 144 cells."""

    id: str
    archetype_id: ArchetypeId
    row: int
    col: int
    label: Label
    profile: Profile
    plane: Plane = Field(alias="tw_plane_default")
    description: Label
    default_modifiers: Annotated[tuple[ModifierId, ...], Field(min_length=1, max_length=2), UNIQUE]
    allowed_modifiers: Annotated[tuple[ModifierId, ...], Field(min_length=2, max_length=5), UNIQUE]

    @property
    def index(self) -> int:
        """Place in the table, row by row."""
        return 12 * (self.row - 1) + self.col - 1


class States(File):
    """`states.json`, row by row; each state agrees with its archetype and its column."""

    schema_: Literal["kaldra.states/1"] = Field(alias="schema")
    states: Annotated[tuple[State, ...], in_order(CELLS)]


class Poles(Strict):
    """Evidence of the two poles of a polarity."""

    first: Weights
    second: Weights


class Polarity(Strict):
    """A pair of poles; the score 1 is the first-named pole."""

    id: str = Field(pattern=r"^POL_[A-Z]+_[A-Z]+$")
    label: Label
    description: Label
    dimension: str = Field(pattern=r"^[a-z]+$")
    tw_alignment: Alignment
    evidence: Poles


class Polarities(File):
    """`polarities.json`; the Stoic reading refers to the collective pole."""

    schema_: Literal["kaldra.polarities/1"] = Field(alias="schema")
    polarities: Annotated[
        tuple[Polarity, ...],
        Field(min_length=48, max_length=48),
        has_ids("POL_INDIVIDUAL_COLLECTIVE"),
    ]


class Modifier(Strict):
    """A colouring of a state."""

    id: str = Field(pattern=r"^MOD_[A-Z_]+$")
    label: Label
    category: str = Field(pattern=r"^[A-Z_]+$")
    description: Label
    tw_alignment: Alignment
    evidence: Weights


class Modifiers(File):
    """`modifiers.json`."""

    schema_: Literal["kaldra.modifiers/1"] = Field(alias="schema")
    modifiers: Annotated[tuple[Modifier, ...], Field(min_length=62, max_length=62), has_ids()]


class Scale(Strict):
    """What the two ends of a vector mean."""

    high: Label
    low: Label


class Tension(Strict):
    """How much tension the two ends of a vector carry."""

    high: Share
    low: Share


class Ends(Strict):
    """Evidence of the two ends of a vector."""

    high: Weights
    low: Weights


class Kindra(Strict):
    """One vector of one layer."""

    id: str
    domain: str = Field(pattern=r"^[A-Z_]+$")
    short_name: Label
    definition: Label
    scale_direction: Scale
    weight: Share
    tension: Tension
    boost: Annotated[tuple[ArchetypeId, ...], UNIQUE]
    suppress: Annotated[tuple[ArchetypeId, ...], UNIQUE]
    evidence: Ends
    _layer: int = PrivateAttr(default=0)

    def model_post_init(self, context: Any) -> None:
        """Take the layer from the file that is read."""
        self._layer = context["layer"]

    @model_validator(mode="after")
    def _one_direction(self) -> Self:
        for position, target in enumerate(self.suppress):
            if target in self.boost:
                raise fault(f"'{target}' is boosted and suppressed at once", "suppress", position)
        return self

    @property
    def layer(self) -> int:
        """Number of the layer, 1 to 3."""
        return self._layer

    @property
    def key(self) -> str:
        """`L<layer>.<id>`: the layers share their ids."""
        return f"L{self._layer}.{self.id}"

    @property
    def plane(self) -> str:
        """Plane of the layer."""
        return str(3 * self._layer)


class KindraLayer(File):
    """`kindras.layer*.json`: plane, strength of influence, 48 vectors in six domains of eight."""

    schema_: Literal["kaldra.kindras/1"] = Field(alias="schema")
    layer: int
    name: str
    tw_plane: Plane
    factor: float = Field(ge=0, le=0.5)
    vectors: Annotated[tuple[Kindra, ...], with_ids(VECTOR_IDS)]

    @model_validator(mode="after")
    def _header(self, info: ValidationInfo[Known]) -> Self:
        number = info.context["layer"]
        compare(self, {"layer": number, "name": LAYER_NAMES[number], "tw_plane": str(3 * number)})
        return self


class Axis(Strict):
    """One measured axis of a reading, a bias dimension, a metric or a product theme."""

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z_]*$")
    label: Label
    evidence: Weights


class Readings(File):
    """`readings.json`: the three meta readings, the bias dimensions, the metrics, the themes."""

    schema_: Literal["kaldra.readings/1"] = Field(alias="schema")
    nietzsche: Annotated[tuple[Axis, ...], with_ids(READING_IDS["nietzsche"])]
    aurelius: Annotated[tuple[Axis, ...], with_ids(READING_IDS["aurelius"])]
    campbell: Annotated[tuple[Axis, ...], with_ids(READING_IDS["campbell"])]
    bias: Annotated[tuple[Axis, ...], with_ids(READING_IDS["bias"])]
    metrics: Annotated[tuple[Axis, ...], with_ids(READING_IDS["metrics"])]
    themes: Annotated[tuple[Axis, ...], has_ids()]
