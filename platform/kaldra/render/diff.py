"""What differs between two renderings, field by field, as Markdown for a reviewer."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from kaldra.render import Manifests

MOST_CHARACTERS = 60_000
"""A comment on a pull request holds no more than 65,536."""

NO_DIFFERENCE = "No difference"
LONGEST_VALUE = 160
ABSENT = object()
"""The value of a field that is not there."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True)
class Field:
    """A field that differs; either value may be ABSENT."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """An object that differs: in these fields, or as a whole where one side has none."""

    title: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def kind(self) -> str:
        """Added, removed or changed."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def fields(self) -> list[Field]:
        """Each field that differs, by path."""
        return fields(self.before or {}, self.after or {})


def changes(before: Manifests, after: Manifests) -> list[Change]:
    """Objects that differ, by file name."""
    return [
        Change(_title(after.get(name) or before[name]), before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Field]:
    """Fields that differ between two objects, in the order of their paths."""
    old, new = dict(_leaves(before, "")), dict(_leaves(after, ""))
    found = [Field(p, old.get(p, ABSENT), new.get(p, ABSENT)) for p in sorted({*old, *new})]
    return [field for field in found if field.before != field.after]


def markdown(by_stack: Mapping[str, list[Change]], base: str) -> str:
    """A summary of all stacks, then each object; `base` is what was compared with."""
    if not any(by_stack.values()):
        return f"{NO_DIFFERENCE} from {_code(base)} in what is deployed ({', '.join(by_stack)}).\n"
    summary = [f"Difference from {_code(base)} in what is deployed", ""]
    summary += _table(("stack", "changed", "added", "removed"), _counts(by_stack))
    details = [
        line
        for stack, found in by_stack.items()
        for change in found
        for line in _object(stack, change)
    ]
    text = "\n".join([*summary, *details]) + "\n"
    if len(text) <= MOST_CHARACTERS:
        return text
    titles = [f"* {stack}: {c.title} {c.kind}" for stack, found in by_stack.items() for c in found]
    cut = f"The fields are too many to show here: `./kaldra diff {base}` shows them."
    return "\n".join([*summary, "", *titles, "", cut])[:MOST_CHARACTERS] + "\n"


def _title(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['kind']} {_code(manifest['metadata']['name'])}"


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every field with its path; entries of a list go by their name where all have one."""
    if isinstance(value, Mapping) and (value or not path):
        for key, entry in value.items():
            yield from _leaves(entry, f"{path}{_step(key, first=not path)}")
    elif isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
        for key, entry in zip(_keys(value), value, strict=True):
            yield from _leaves(entry, f"{path}[{key}]")
    else:
        yield path, value


def _step(key: str, *, first: bool) -> str:
    if not _PLAIN_KEY.fullmatch(key):
        return f"[{json.dumps(key, ensure_ascii=False)}]"
    return key if first else f".{key}"


def _keys(entries: list[Any]) -> list[str]:
    """What tells the entries of a list apart: their names, else their places."""
    names = [e.get("name") for e in entries if isinstance(e, Mapping)]
    if len(names) == len(entries) == len({n for n in names if isinstance(n, str)}):
        return [str(name) for name in names]
    return [str(place) for place in range(len(entries))]


def _counts(by_stack: Mapping[str, list[Change]]) -> Iterator[list[str]]:
    for stack, found in by_stack.items():
        kinds = [change.kind for change in found]
        counted = [str(kinds.count(kind)) for kind in ("changed", "added", "removed")]
        yield [_code(stack), *counted]


def _object(stack: str, change: Change) -> list[str]:
    heading = ["", f"### {stack}: {change.title} {change.kind}", ""]
    if change.kind == "changed":
        rows = ([_code(f.path), *_values(f.before, f.after)] for f in change.fields)
        return heading + _table(("field", "before", "after"), rows)
    whole = yaml.safe_dump(change.after or change.before, sort_keys=False, allow_unicode=True)
    fence = "`" * max(3, 1 + _longest_run(whole))
    hidden = ["<details><summary>all of it</summary>", "", f"{fence}yaml", whole.rstrip(), fence]
    return [*heading, *hidden, "", "</details>"]


def _table(head: Iterable[str], rows: Iterable[list[str]]) -> list[str]:
    columns = list(head)
    lines = [columns, ["--"] * len(columns), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _values(before: Any, after: Any) -> tuple[str, str]:
    """Both values for a table; of long ones the part where they begin to differ."""
    old, new = _text(before), _text(after)
    same = 0
    if max(len(old), len(new)) > LONGEST_VALUE:
        pairs = zip(old, new, strict=False)
        same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))
    start = max(0, same - 20)
    return _cell(before, old, start), _cell(after, new, start)


def _cell(value: Any, text: str, start: int) -> str:
    if value is ABSENT:
        return "(none)"
    shown = text[start : start + LONGEST_VALUE]
    left = "…" if start else ""
    right = "…" if start + LONGEST_VALUE < len(text) else ""
    return _code(f"{left}{shown}{right}")


def _text(value: Any) -> str:
    """A value on one line; text as it is where that cannot be misread."""
    if isinstance(value, str) and value and value.isprintable() and value == value.strip():
        return value
    return "" if value is ABSENT else json.dumps(value, ensure_ascii=False)


def _code(text: str) -> str:
    """Text that Markdown shows as it is, also in a table, whatever is in it."""
    fence = "`" * (1 + _longest_run(text))
    inner = f" {text} " if "`" in text else text
    return f"{fence}{inner}{fence}".replace("|", r"\|")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
