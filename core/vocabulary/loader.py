"""Reads `data/`: every file by its model, in the order in which they refer to each other."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from contract.vocabulary import Language
from core.vocabulary import records
from core.vocabulary.base import AnyFile, File, Known, read
from core.vocabulary.lexicon import LexiconSource
from core.vocabulary.parameters import ContextRules, TwParameters

DEFAULT_DIRECTORY = Path(__file__).resolve().parents[2] / "data"
FILES: dict[str, type[File]] = {
    "concepts.json": records.Concepts,
    "archetypes.json": records.Archetypes,
    "columns.json": records.Columns,
    "states.json": records.States,
    "polarities.json": records.Polarities,
    "modifiers.json": records.Modifiers,
    "kindras.layer1.json": records.KindraLayer,
    "kindras.layer2.json": records.KindraLayer,
    "kindras.layer3.json": records.KindraLayer,
    "readings.json": records.Readings,
    "context_rules.json": ContextRules,
    "tw369.json": TwParameters,
    "lexicon.en.json": LexiconSource,
    "lexicon.pt.json": LexiconSource,
}
"""File name → model; the order is that of the data digest."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything in `data/`, checked."""

    version: str
    concepts: tuple[records.Concept, ...]
    archetypes: tuple[records.Archetype, ...]
    columns: tuple[records.Column, ...]
    states: tuple[records.State, ...]
    polarities: tuple[records.Polarity, ...]
    modifiers: tuple[records.Modifier, ...]
    layers: tuple[records.KindraLayer, ...]
    readings: records.Readings
    rules: ContextRules
    tw: TwParameters
    lexicons: dict[str, LexiconSource]

    @property
    def kindras(self) -> tuple[records.Kindra, ...]:
        """All 144 vectors, layer 1 first."""
        return tuple(vector for layer in self.layers for vector in layer.vectors)


def load(directory: Path | None = None) -> Vocabulary:
    """Read and check every file of `directory` (default: the project's `data/`).

    Raises:
        DataError: a file is missing or invalid; it names the file, the path inside and the reason.

    """
    folder = directory or DEFAULT_DIRECTORY
    known: Known = {}
    versions: list[tuple[int, ...]] = []

    def file(name: str, model: type[AnyFile], **about: object) -> AnyFile:
        found = read(folder / name, model, known | about)
        versions.append(tuple(map(int, found.version.split("."))))
        return found

    concepts = file("concepts.json", records.Concepts).concepts
    known["concepts"] = {concept.id for concept in concepts}
    readings = file("readings.json", records.Readings)
    known["stoic_axes"] = {axis.id for axis in readings.aurelius}
    modifiers = file("modifiers.json", records.Modifiers).modifiers
    known["modifiers"] = {modifier.id for modifier in modifiers}
    layers = tuple(
        file(f"kindras.layer{number}.json", records.KindraLayer, layer=number)
        for number in (1, 2, 3)
    )
    known["kindras"] = {vector.key for layer in layers for vector in layer.vectors}
    return Vocabulary(
        concepts=concepts,
        archetypes=file("archetypes.json", records.Archetypes).archetypes,
        columns=file("columns.json", records.Columns).columns,
        states=file("states.json", records.States).states,
        polarities=file("polarities.json", records.Polarities).polarities,
        modifiers=modifiers,
        layers=layers,
        readings=readings,
        rules=file("context_rules.json", ContextRules),
        tw=file("tw369.json", TwParameters),
        lexicons={
            name: file(f"lexicon.{name}.json", LexiconSource, language=name)
            for name in get_args(Language)
        },
        version=f"{'.'.join(map(str, max(versions)))}+{_digest(folder)}",
    )


def _digest(folder: Path) -> str:
    """Return a digest of the contents of all files, whatever their line ends."""
    digest = hashlib.sha256()
    for name in FILES:
        text = (folder / name).read_text(encoding="utf-8")
        digest.update(name.encode() + b"\0" + text.encode() + b"\0")
    return digest.hexdigest()[:12]
