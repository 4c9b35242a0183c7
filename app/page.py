"""The page at `/` as HTML, from what the gateway and the core say of themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template
from typing import Any, Literal

from app import __version__

STATIC = Path(__file__).with_name("static")
STYLE = (STATIC / "page.css").read_bytes()
Language = Literal["en", "pt"]

_PAGE = Template((STATIC / "page.html").read_text(encoding="utf-8"))

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "subtitle": "Reads texts and tells which narrative runs through them.",
        "skip": "Skip to the map",
        "pages": "Pages",
        "docs": "API documentation",
        "gateway": "Gateway",
        "online": "online",
        "core": "Core",
        "data": "Data",
        "ready": "ready · {}",
        "away": "does not answer",
        "unknown": "unknown while the core is away",
        "caption": "Twelve archetypes by twelve ways of being: the 144 states of a text.",
        "archetype": "Archetype",
        "plane": "plane {}",
        "no_map": "The map comes from the core, which does not answer. "
        "The gateway goes on serving; reload this page in a moment.",
        "EXPANSIVE": "Expansive",
        "CONTRACTIVE": "Contractive",
        "TRANSCENDENT": "Transcendent",
    },
    "pt": {
        "subtitle": "Lê textos e diz que narrativa os atravessa.",
        "skip": "Ir para o mapa",
        "pages": "Páginas",
        "docs": "Documentação da API",
        "gateway": "Gateway",
        "online": "no ar",
        "core": "Core",
        "data": "Dados",
        "ready": "pronto · {}",
        "away": "não responde",
        "unknown": "desconhecidos enquanto o core não responde",
        "caption": "Doze arquétipos por doze modos de ser: os 144 estados de um texto.",
        "archetype": "Arquétipo",
        "plane": "plano {}",
        "no_map": "O mapa vem do core, que não responde. "
        "O gateway continua no ar; recarregue a página daqui a pouco.",
        "EXPANSIVE": "Expansivo",
        "CONTRACTIVE": "Contrativo",
        "TRANSCENDENT": "Transcendente",
    },
}
_NAMES: dict[Language, str] = {"en": "English", "pt": "Português"}


@dataclass(frozen=True)
class Core:
    """What the core said: its versions and three lists of its vocabulary."""

    version: str
    data_version: str
    archetypes: Sequence[dict[str, Any]]
    columns: Sequence[dict[str, Any]]
    states: Sequence[dict[str, Any]]


def render(core: Core | None, language: Language) -> str:
    """The whole page; without a core it says so."""
    words = _WORDS[language]
    other: Language = "en" if language == "pt" else "pt"
    return _PAGE.substitute(
        {name: escape(text) for name, text in words.items()},
        language=language,
        other=other,
        other_name=_NAMES[other],
        version=escape(__version__),
        core_class="good" if core else "bad",
        core_state=escape(words["ready"].format(core.version) if core else words["away"]),
        data_version=escape(core.data_version if core else words["unknown"]),
        map=_map(core, words) if core else f'<p role="status">{escape(words["no_map"])}</p>',
    )


def _map(core: Core, words: dict[str, str]) -> str:
    """States in rows of one archetype; profiles and planes are those of the columns."""
    profiles = "".join(
        f'<th scope="colgroup" colspan="{len(list(columns))}" class="{escape(profile.lower())}">'
        f"{escape(words.get(profile, profile))}</th>"
        for profile, columns in groupby(core.columns, key=lambda column: str(column["profile"]))
    )
    columns = "".join(
        f'<th scope="col">{escape(c["label"])}'
        f"<small>{escape(words['plane'].format(c['plane']))}</small></th>"
        for c in core.columns
    )
    rows = groupby(core.states, key=lambda state: str(state["archetype_id"]))
    labels = {archetype["id"]: str(archetype["label"]) for archetype in core.archetypes}
    body = "".join(_row(labels.get(archetype, archetype), states) for archetype, states in rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="map-title"><table>'
        f"<caption>{escape(words['caption'])}</caption>"
        f'<thead><tr><th rowspan="2" scope="col">{escape(words["archetype"])}</th>{profiles}</tr>'
        f"<tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(archetype: str, states: Iterable[dict[str, Any]]) -> str:
    cells = "".join(
        f'<td class="{escape(str(s["profile"]).lower())} plane-{escape(str(s["plane"]))}"'
        f' title="{escape(str(s["description"]))}">{escape(str(s["label"]))}</td>'
        for s in states
    )
    return f'<tr><th scope="row">{escape(archetype)}</th>{cells}</tr>'
