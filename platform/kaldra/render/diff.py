"""What differs between two renderings, field by field, as Markdown for a reviewer."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from kaldra.render import Manifests

MOST_CHARACTERS = 60_000
"""A comment on a pull request holds no more than 65,536."""

LONGEST_VALUE = 160
ABSENT = object()
"""The value of a field that is not there."""

_KINDS = ("changed", "added", "removed")
_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True)
class Field:
    """A field that differs; either value may be ABSENT."""

    path: str
    before: Any
    after: Any


def fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Field]:
    """Fields that differ between two objects, in the order of their paths."""
    old, new = dict(_leaves(before, "")), dict(_leaves(after, ""))
    found = [Field(p, old.get(p, ABSENT), new.get(p, ABSENT)) for p in sorted({*old, *new})]
    return [field for field in found if field.before != field.after]


def markdown(stacks: Mapping[str, tuple[Manifests, Manifests]], base: str) -> str:
    """A summary of all stacks, then each object; `base` is what was compared with."""
    found = [(stack, *change) for stack, pair in stacks.items() for change in _changes(*pair)]
    if not found:
        return f"No difference from {_code(base)} in what is deployed ({', '.join(stacks)}).\n"
    counts = Counter((stack, kind) for stack, kind, _, _ in found)
    rows = [(_code(stack), *(str(counts[stack, kind]) for kind in _KINDS)) for stack in stacks]
    summary = f"Difference from {_code(base)} in what is deployed\n\n"
    summary += _table(("stack", *_KINDS), rows)
    details = [f"\n### {stack}: {title} {kind}\n\n{text}" for stack, kind, title, text in found]
    whole = "".join([summary, *details])
    if len(whole) <= MOST_CHARACTERS:
        return whole
    titles = "".join(f"* {stack}: {title} {kind}\n" for stack, kind, title, _ in found)
    cut = f"The fields are too many to show here: `./kaldra diff {base}` shows them."
    return f"{summary}\n{titles}\n{cut}"[:MOST_CHARACTERS] + "\n"


def _changes(before: Manifests, after: Manifests) -> Iterator[tuple[str, str, str]]:
    """Kind, title and details of each object that differs, by file name."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        either = new or old or {}
        title = f"{either['kind']} {_code(either['metadata']['name'])}"
        if old is None or new is None:
            whole = yaml.safe_dump(either, sort_keys=False, allow_unicode=True)
            fence = "`" * max(3, 1 + _longest_run(whole))
            hidden = f"<details><summary>all of it</summary>\n\n{fence}yaml\n{whole}{fence}\n"
            yield "removed" if new is None else "added", title, f"{hidden}\n</details>\n"
        elif old != new:
            rows = [(_code(f.path), *_values(f.before, f.after)) for f in fields(old, new)]
            yield "changed", title, _table(("field", "before", "after"), rows)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every field with its path; entries of a list go by their name where all have one."""
    if isinstance(value, Mapping) and (value or not path):
        for key, entry in value.items():
            plain = f".{key}" if path else key
            quoted = f"[{json.dumps(key, ensure_ascii=False)}]"
            yield from _leaves(entry, path + (plain if _PLAIN_KEY.fullmatch(key) else quoted))
    elif isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
        names = [entry.get("name") for entry in value if isinstance(entry, Mapping)]
        named = len({name for name in names if isinstance(name, str)}) == len(value)
        for key, entry in zip(names if named else range(len(value)), value, strict=True):
            yield from _leaves(entry, f"{path}[{key}]")
    else:
        yield path, value


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    lines = [columns, ["--"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _values(before: Any, after: Any) -> tuple[str, str]:
    """Both values for a table; of long ones the part where they begin to differ."""
    old, new = _text(before), _text(after)
    start = 0
    if max(len(old), len(new)) > LONGEST_VALUE:
        same = os.path.commonprefix([old, new])  # noqa: RUF071  of characters, as is meant
        start = max(0, len(same) - 20)
    return _cell(before, old, start), _cell(after, new, start)


def _cell(value: Any, text: str, start: int) -> str:
    if value is ABSENT:
        return "(none)"
    end = start + LONGEST_VALUE
    return _code(f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}")


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
