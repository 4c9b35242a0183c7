"""Checks of archetypes, columns, the 144 states, polarities and modifiers."""

from __future__ import annotations

from core.data_lists import READING_IDS, Known, id_at, label, require, texts, unique
from core.node import Node
from core.vocabulary import Archetype, Column, Modifier, Polarity, State

PLANES = ("3", "6", "9")
PROFILES = ("EXPANSIVE", "CONTRACTIVE", "TRANSCENDENT")
ARCHETYPE_IDS = (
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
)
JOURNEY_ROLES = (
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
)
"""The roles to which the story gives a stage."""

POLARITY_IDS = ("POL_INDIVIDUAL_COLLECTIVE",)
"""The polarities that the code names: the Stoic reading asks for the collective pole."""

COLUMN_PLANES = ("3", "3", "6", "9", "6", "6", "3", "9", "3", "6", "9", "9")


def archetypes(body: Node, known: Known) -> tuple[Archetype, ...]:
    """Return the twelve archetypes in canonical order."""
    (listed,) = body.fields("archetypes")
    found = []
    for expected, node in zip(ARCHETYPE_IDS, listed.items(12), strict=True):
        fields = node.fields(
            "id",
            "label",
            "essence",
            "light",
            "shadow",
            "drives",
            "journey_role",
            "stoic_axis",
            "description",
            "evidence",
        )
        id_, name, essence, light, shadow, drives, role, axis, description, evidence = fields
        drives.items(2)
        found.append(
            Archetype(
                id=id_at(id_, expected),
                label=label(name),
                essence=essence.text(),
                light=light.text(),
                shadow=shadow.text(),
                drives=texts(drives),
                journey_role=role.choice(JOURNEY_ROLES, "a role of the journey"),
                stoic_axis=axis.choice(READING_IDS["aurelius"], "an axis of the Stoic reading"),
                description=description.text(),
                evidence=known.weights(evidence),
            )
        )
    known.archetype_ids = tuple(archetype.id for archetype in found)
    return tuple(found)


def columns(body: Node, known: Known) -> tuple[Column, ...]:
    """Return the twelve columns with their profiles and planes."""
    (listed,) = body.fields("columns")
    found = []
    for position, node in enumerate(listed.items(12)):
        col, name, profile, plane, description, allowed, evidence = node.fields(
            "col", "label", "profile", "plane", "description", "allowed_modifiers", "evidence"
        )
        expected = PROFILES[position // 4]
        found.append(
            Column(
                col=col.integer(position + 1, position + 1),
                label=label(name),
                profile=profile.choice({expected}, f"'{expected}', the profile of this column"),
                plane=plane.choice(
                    {COLUMN_PLANES[position]}, f"'{COLUMN_PLANES[position]}', the column's plane"
                ),
                description=description.text(),
                allowed_modifiers=_modifiers(allowed, known, 3, 5),
                evidence=known.weights(evidence),
            )
        )
    return tuple(found)


def states(
    body: Node, archetype_list: tuple[Archetype, ...], column_list: tuple[Column, ...], known: Known
) -> tuple[State, ...]:
    """Return the 144 states, row by row; each must agree with its archetype and its column."""
    (listed,) = body.fields("states")
    found = []
    for index, node in enumerate(listed.items(144)):
        archetype, column = archetype_list[index // 12], column_list[index % 12]
        fields = node.fields(
            "id",
            "archetype_id",
            "row",
            "col",
            "label",
            "profile",
            "tw_plane_default",
            "description",
            "default_modifiers",
            "allowed_modifiers",
        )
        id_, owner, row, col, name, profile, plane, description, defaults, allowed = fields
        expected = f"{archetype.id}_{column.plane}_{column.col:02d}"
        found.append(
            State(
                id=id_at(id_, expected),
                index=index,
                archetype_id=owner.choice({archetype.id}, f"'{archetype.id}'"),
                row=row.integer(index // 12 + 1, index // 12 + 1),
                col=col.integer(column.col, column.col),
                label=label(name),
                profile=profile.choice({column.profile}, f"'{column.profile}'"),
                plane=plane.choice({column.plane}, f"'{column.plane}'"),
                description=description.text(),
                default_modifiers=_modifiers(defaults, known, 1, 2),
                allowed_modifiers=_modifiers(allowed, known, 2, 5),
            )
        )
    return tuple(found)


def _modifiers(node: Node, known: Known, low: int, high: int) -> tuple[str, ...]:
    items = node.items()
    if not low <= len(items) <= high:
        node.fail(f"must have {low} to {high} elements, has {len(items)}")
    for item in items:
        item.choice(known.modifier_ids, "a modifier of modifiers.json")
    return texts(node)


def _alignment(node: Node) -> tuple[str, ...]:
    for item in node.items():
        item.choice(PLANES, "a plane (3, 6 or 9)")
    return texts(node)


def polarities(body: Node, known: Known) -> tuple[Polarity, ...]:
    """Return the 48 polarities."""
    (listed,) = body.fields("polarities")
    nodes = listed.items(48)
    found = []
    for node in nodes:
        id_, name, description, dimension, alignment, evidence = node.fields(
            "id", "label", "description", "dimension", "tw_alignment", "evidence"
        )
        first, second = evidence.fields("first", "second")
        found.append(
            Polarity(
                id=id_.text(r"POL_[A-Z]+_[A-Z]+"),
                label=label(name),
                description=description.text(),
                dimension=dimension.text(r"[a-z]+"),
                tw_alignment=_alignment(alignment),
                first=known.weights(first),
                second=known.weights(second),
            )
        )
    ids = [polarity.id for polarity in found]
    unique(nodes, ids)
    require(listed, ids, POLARITY_IDS)
    return tuple(found)


def modifiers(body: Node, known: Known) -> tuple[Modifier, ...]:
    """Return the 62 modifiers."""
    (listed,) = body.fields("modifiers")
    nodes = listed.items(62)
    found = []
    for node in nodes:
        id_, name, category, description, alignment, evidence = node.fields(
            "id", "label", "category", "description", "tw_alignment", "evidence"
        )
        found.append(
            Modifier(
                id=id_.text(r"MOD_[A-Z_]+"),
                label=label(name),
                category=category.text(r"[A-Z_]+"),
                description=description.text(),
                tw_alignment=_alignment(alignment),
                evidence=known.weights(evidence),
            )
        )
    unique(nodes, [modifier.id for modifier in found])
    known.modifier_ids = frozenset(modifier.id for modifier in found)
    return tuple(found)
