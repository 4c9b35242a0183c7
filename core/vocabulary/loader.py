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
    data = _Directory(directory or DEFAULT_DIRECTORY)
    concepts = data.read("concepts.json", records.Concepts).concepts
    data.known["concepts"] = {concept.id for concept in concepts}
    readings = data.read("readings.json", records.Readings)
    data.known["stoic_axes"] = {axis.id for axis in readings.aurelius}
    modifiers = data.read("modifiers.json", records.Modifiers).modifiers
    data.known["modifiers"] = {modifier.id for modifier in modifiers}
    layers = tuple(
        data.read(f"kindras.layer{number}.json", records.KindraLayer, layer=number)
        for number in (1, 2, 3)
    )
    data.known["kindras"] = {vector.key for layer in layers for vector in layer.vectors}
    return Vocabulary(
        concepts=concepts,
        archetypes=data.read("archetypes.json", records.Archetypes).archetypes,
        columns=data.read("columns.json", records.Columns).columns,
        states=data.read("states.json", records.States).states,
        polarities=data.read("polarities.json", records.Polarities).polarities,
        modifiers=modifiers,
        layers=layers,
        readings=readings,
        rules=data.read("context_rules.json", ContextRules),
        tw=data.read("tw369.json", TwParameters),
        lexicons={
            name: data.read(f"lexicon.{name}.json", LexiconSource, language=name)
            for name in get_args(Language)
        },
        version=data.version(),
    )


class _Directory:
    """A directory of data files; `known` is what they define for those that are read later."""

    def __init__(self, path: Path) -> None:
        self.known: Known = {}
        self._path = path
        self._versions: list[tuple[int, ...]] = []

    def read(self, name: str, model: type[AnyFile], **about: object) -> AnyFile:
        """Read one file; `about` is what its name says of it."""
        found = read(self._path / name, model, self.known | about)
        self._versions.append(tuple(map(int, found.version.split("."))))
        return found

    def version(self) -> str:
        """Return the highest file version with a digest of the contents, whatever the line ends."""
        digest = hashlib.sha256()
        for name in FILES:
            digest.update(name.encode() + b"\0")
            digest.update((self._path / name).read_text(encoding="utf-8").encode() + b"\0")
        newest = ".".join(map(str, max(self._versions)))
        return f"{newest}+{digest.hexdigest()[:12]}"
