"""The one loader of `data/`: schema, counts, id formats and every cross-reference."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.data_lists import Known, concepts, kindra_layer, lexicon, readings
from core.data_parameters import context_rules, tw_parameters
from core.data_states import archetypes, columns, modifiers, polarities, states
from core.node import DataError, Node
from core.vocabulary import Vocabulary

__all__ = ["DEFAULT_DIRECTORY", "FILES", "LANGUAGES", "DataError", "load"]

DEFAULT_DIRECTORY = Path(__file__).resolve().parent.parent / "data"
LANGUAGES = ("en", "pt")
FILES: dict[str, str] = {
    "concepts.json": "concepts",
    "archetypes.json": "archetypes",
    "columns.json": "columns",
    "states.json": "states",
    "polarities.json": "polarities",
    "modifiers.json": "modifiers",
    "kindras.layer1.json": "kindras",
    "kindras.layer2.json": "kindras",
    "kindras.layer3.json": "kindras",
    "readings.json": "readings",
    "context_rules.json": "context_rules",
    "tw369.json": "tw369",
    "lexicon.en.json": "lexicon",
    "lexicon.pt.json": "lexicon",
}
"""File name → kind; the order is the order of checking and of the data digest."""


def load(directory: Path | None = None) -> Vocabulary:
    """Read and check every file of `directory` (default: the project's `data/`).

    Raises:
        DataError: a file is missing or broken; it names the file, the path inside and the reason.

    """
    folder = directory or DEFAULT_DIRECTORY
    nodes = {name: Node.read(folder / name) for name in FILES}
    bodies = {name: _body(node, FILES[name]) for name, node in nodes.items()}
    known = Known(concepts(bodies["concepts.json"]))
    archetype_list = archetypes(bodies["archetypes.json"], known)
    modifier_list = modifiers(bodies["modifiers.json"], known)
    column_list = columns(bodies["columns.json"], known)
    layers = tuple(
        kindra_layer(bodies[f"kindras.layer{number}.json"], number, known) for number in (1, 2, 3)
    )
    return Vocabulary(
        version=_version(folder, nodes),
        concepts=known.concepts,
        archetypes=archetype_list,
        columns=column_list,
        states=states(bodies["states.json"], archetype_list, column_list, known),
        polarities=polarities(bodies["polarities.json"], known),
        modifiers=modifier_list,
        layers=layers,
        readings=readings(bodies["readings.json"], known),
        rules=context_rules(bodies["context_rules.json"], known),
        tw=tw_parameters(bodies["tw369.json"], known),
        lexicons={name: lexicon(bodies[f"lexicon.{name}.json"], name, known) for name in LANGUAGES},
    )


def _body(node: Node, kind: str) -> Node:
    """Check the header (`schema`, `version`) and return the object without it."""
    members = dict(node.entries())
    expected = f"kaldra.{kind}/1"
    for key in ("schema", "version"):
        if key not in members:
            node.fail(f"the key '{key}' is missing")
    if members["schema"].value != expected:
        members["schema"].fail(f"must be '{expected}'")
    members["version"].text(r"\d+\.\d+\.\d+")
    rest = {key: value.value for key, value in members.items() if key not in {"schema", "version"}}
    return Node(rest, node.file, node.path)


def _version(folder: Path, nodes: dict[str, Node]) -> str:
    """Return the highest file version, and a digest of the contents that tells two data sets apart.

    The digest covers what the files say, not their line ends.
    """
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(name.encode() + b"\0")
        digest.update((folder / name).read_text(encoding="utf-8").encode() + b"\0")
    versions = [tuple(int(part) for part in nodes[n].value["version"].split(".")) for n in FILES]
    newest = ".".join(str(part) for part in max(versions))
    return f"{newest}+{digest.hexdigest()[:12]}"
