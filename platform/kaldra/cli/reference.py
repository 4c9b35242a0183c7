"""`./kaldra reference`: the parts of the documentation that are generated from the code.

They are between `<!-- generated: NAME -->` and `<!-- end -->`; the rest is written by hand.
"""

import ast
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel, TypeAdapter

from kaldra import environment
from kaldra.cli.ui import Console
from kaldra.paths import REPO
from kaldra.stack.setting_types import Group
from kaldra.stack.settings import NAMESPACE, Settings
from kaldra.toolchain import commands

SERVICES = "docs/reference/generate.py"
"""Generator for the services, which the platform does not import."""

PAGES = ("docs/reference/cli.md", "docs/reference/stack-settings.md")

_BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def run(console: Console) -> None:
    """Update every generated part."""
    for page in PAGES:
        path = REPO / page
        with console.step(page):
            path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8")
    with console.step("schemas of --json"):
        for path, text in schemas().items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    with console.step("settings and routes of the services, examples, schemas"):
        commands.run([sys.executable, REPO / SERVICES], what=SERVICES)


def refreshed(text: str) -> str:
    """The page with updated generated parts; KeyError on an unknown part."""
    return _BLOCK.sub(lambda found: found[1] + PARTS[found[2]]() + found[3], text)


def schemas() -> dict[Path, str]:
    """JSON Schema of what each verb prints with --json; `logs` prints one such document a line."""
    from kaldra.cli import doctor, log_records, preview, status  # noqa: PLC0415  messages need none

    documents = {
        "doctor": doctor.Report,
        "logs": log_records.Record,
        "preview": preview.Preview,
        "status": status.Status,
    }
    found = {}
    for verb, document in documents.items():
        schema = TypeAdapter(document).json_schema(mode="serialization")
        found[REPO / f"docs/reference/cli/{verb}.json"] = f"{json.dumps(schema, indent=1)}\n"
    return found


def verbs(*, hidden: bool = False) -> Mapping[str, Any]:
    """Verb → command object, in the order of `--help`; optionally `hidden` ones too."""
    from kaldra.cli.app import app  # noqa: PLC0415  app runs this module's verb

    group: Any = typer.main.get_command(app)
    return {name: verb for name, verb in group.commands.items() if hidden or not verb.hidden}


def verb_table() -> str:
    """One row per verb."""
    rows = [f"| `./kaldra {name}` | {verb.help} |" for name, verb in verbs().items()]
    return _table("verb", "what it does", rows=rows)


def options_by_verb() -> str:
    """One section per verb, with a table of its options."""
    sections = []
    for name, verb in verbs().items():
        rows = [_parameter(given) for given in verb.params]
        table = _table("option", "default", "meaning", rows=rows) if rows else "Takes no options.\n"
        sections.append(f"### `./kaldra {name}`\n\n{verb.help}\n\n{table}")
    return "\n".join(sections) + "\n"


def settings_table() -> str:
    """One row per stack setting."""
    return _table("key", "value", "default", "meaning", rows=_settings(Settings))


def _settings(group: type[Group], prefix: str = "") -> Iterator[str]:
    """Rows of a group's settings; those of a group inside it are named `group.key`."""
    schema, meanings = group.model_json_schema(), meanings_of(group)
    for name, info in group.model_fields.items():
        key, inside = str(info.alias), info.annotation
        if isinstance(inside, type) and issubclass(inside, Group):
            yield from _settings(inside, f"{prefix}{key}.")
            continue
        default = "none" if info.default in (None, (), {}) else f"`{info.default}`"
        if info.is_required():
            default = "required"
        elif info.default_factory:
            default = "this machine's"
        values = _values(schema["properties"][key], schema)
        yield f"| `{NAMESPACE}:{prefix}{key}` | {values} | {default} | {meanings[name]} |"


def meanings_of(group: type[BaseModel]) -> dict[str, str]:
    """Field → the text below it in the source, on one line.

    pydantic can read it, too, but would do so whenever the settings are imported (50 ms).
    """
    (definition,) = ast.parse(inspect.getsource(group)).body
    texts: dict[str, str] = {}
    for field, text in pairwise(getattr(definition, "body")):  # noqa: B009  of a class
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            texts[ast.unparse(field.target)] = " ".join(ast.literal_eval(text.value).split())
    return texts


def passed_table() -> str:
    """One row per group of variables that processes get."""
    rows = [
        f"| {', '.join(f'`{name}`' for name in names.split())} | {purpose} |"
        for purpose, names in environment.PASSED.items()
    ]
    return _table("passed on", "for", rows=rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "verbs": verb_table,
    "options": options_by_verb,
    "settings": settings_table,
    "passed": passed_table,
}


def _parameter(given: Any) -> str:
    default = "off" if getattr(given, "is_flag", False) else f"`{given.default}`"
    if given.default in (None, ""):
        default = "required" if given.required else "none"
    names = given.opts
    if given.param_type_name == "argument":
        names = [given.metavar or f"{given.name}…"]
    return f"| {', '.join(f'`{name}`' for name in names)} | {default} | {given.help} |"


def _values(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Allowed values of a setting, as text."""
    choices = [f for f in field.get("anyOf", [field]) if f.get("type") != "null"]
    kind = choices[0]
    if "enum" in kind:
        return ", ".join(f"`{value}`" for value in kind["enum"])
    if "$ref" in kind:
        group = schema["$defs"][kind["$ref"].rpartition("/")[2]]
        return f"object with {', '.join(f'`{name}`' for name in group['properties'])}"
    if kind["type"] in {"integer", "number"}:
        most = f"to {kind['maximum']}" if "maximum" in kind else "or more"
        return f"{kind['minimum']} {most}"
    if kind["type"] == "object":
        values = kind.get("additionalProperties", {})
        return "names and texts" if values.get("type") == "string" else "objects by name"
    text = f"text that matches `{kind['pattern']}`" if "pattern" in kind else "text"
    return {"array": "list of texts", "boolean": "`true`, `false`"}.get(kind["type"], text)


def _table(*columns: str, rows: Iterable[str]) -> str:
    head = f"| {' | '.join(columns)} |\n|{'--|' * len(columns)}\n"
    # Outside code, Markdown treats <name> as HTML and hides it.
    return head + "".join(f"{row}\n" for row in rows).replace("<", r"\<")
