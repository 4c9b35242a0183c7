"""What the models of all data files share: checks, references between files, located errors."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from contract.base import Plane, Strict

Known = dict[str, Any]
"""What the files read so far define; the validation context of the files that follow."""


class DataError(Exception):
    """A data file is invalid: the file, the path to the value in it, and the reason."""

    def __init__(self, file: str, path: str, reason: str) -> None:
        super().__init__(f"{file}: {path}: {reason}")
        self.file = file
        self.path = path
        self.reason = reason


class File(Strict):
    """The header of every data file."""

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")


AnyFile = TypeVar("AnyFile", bound=File)
_Value = TypeVar("_Value", bound=Iterable[Any])


def read(file: Path, model: type[AnyFile], known: Known) -> AnyFile:
    """Read and validate one file.

    Raises:
        DataError: it cannot be read, is not JSON, has a key twice or does not fit the model.

    """
    try:
        text = file.read_text(encoding="utf-8")
        json.loads(text, object_pairs_hook=_unique_keys)
        return model.model_validate_json(text, context=known)
    except ValidationError as error:
        raise _located(file.name, error.errors(include_url=False)[0]) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be read ({type(error).__name__})"
        raise DataError(file.name, "$", reason) from error
    except ValueError as error:
        raise DataError(file.name, "$", f"is not valid JSON: {error}") from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    keys = [key for key, _ in pairs]
    twice = next(key for place, key in enumerate(keys) if key in keys[:place])
    raise ValueError(f"the key '{twice}' appears twice")


def _located(file: str, details: ErrorDetails) -> DataError:
    """Translate pydantic's location and message; checks of this package name the place below it."""
    place = [*details["loc"], *details.get("ctx", {}).get("at", ())]
    reason, value = details["msg"], details["input"]
    if details["type"] == "missing":
        reason = f"the key '{place.pop()}' is missing"
    elif details["type"] == "extra_forbidden":
        reason = f"unknown key '{place.pop()}'"
    elif details["type"] != _CHECK and isinstance(value, str | int | float | None):
        reason = f"{reason}, not {value!r}"
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place if p != "[key]")
    return DataError(file, f"${path}", reason)


_CHECK = "vocabulary"


def fault(reason: str, *at: str | int) -> PydanticCustomError:
    """Return the error of a check; `at` leads from the value that is checked to the faulty one."""
    return PydanticCustomError(_CHECK, "{reason}", {"reason": reason, "at": at})


def compare(record: Strict, expected: Mapping[str, object], *at: str | int) -> None:
    """Fail at the first key of a record that has another value than expected."""
    for name, value in expected.items():
        found = getattr(record, name)
        if found != value:
            key = type(record).model_fields[name].alias or name
            raise fault(f"'{found}' must be '{value}' at this position", *at, key)


def in_order(expected: Sequence[Mapping[str, object]]) -> AfterValidator:
    """Require records with these values, in this order."""

    def check(records: tuple[Strict, ...]) -> tuple[Strict, ...]:
        if len(records) != len(expected):
            raise fault(f"must have {len(expected)} elements, has {len(records)}")
        for position, (record, wanted) in enumerate(zip(records, expected, strict=True)):
            compare(record, wanted, position)
        return records

    return AfterValidator(check)


def with_ids(ids: Iterable[str]) -> AfterValidator:
    """Require records with these ids, in this order."""
    return in_order([{"id": id_} for id_ in ids])


def reference(kind: str, file: str) -> AfterValidator:
    """Require an id that another file defines."""

    def check(value: str, info: ValidationInfo[Known]) -> str:
        if value not in info.context[kind]:
            raise fault(f"'{value}' is not defined in {file}")
        return value

    return AfterValidator(check)


def every(needed: Sequence[str]) -> AfterValidator:
    """Require an entry for each of these keys."""

    def check(values: dict[str, Any]) -> dict[str, Any]:
        for name in needed:
            if name not in values:
                raise fault(f"the key '{name}' is missing")
        return values

    return AfterValidator(check)


def has_ids(*needed: str) -> AfterValidator:
    """Require that a list has the ids which the code names, and each id once."""

    def check(records: tuple[Any, ...]) -> tuple[Any, ...]:
        ids = [record.id for record in records]
        _unique(ids)
        for name in needed:
            if name not in ids:
                raise fault(f"'{name}', which the code refers to, is missing")
        return records

    return AfterValidator(check)


def _unique(values: _Value) -> _Value:
    seen: set[Any] = set()
    for position, value in enumerate(values):
        if value in seen:
            raise fault(f"'{value}' appears twice", position)
        seen.add(value)
    return values


UNIQUE = AfterValidator(_unique)

Text = Annotated[str, Field(pattern=r"\S")]
PLANES: tuple[Plane, ...] = get_args(Plane)
Alignment = Annotated[tuple[Plane, ...], UNIQUE]
ConceptId = Annotated[str, reference("concepts", "concepts.json")]
Weight = Annotated[float, Field(ge=0.25, le=1, multiple_of=0.25)]
Weights = Annotated[dict[ConceptId, Weight], Field(min_length=1)]
"""Concept id → weight (multiples of ¼, so that sums stay exact in any order)."""


class Label(Strict):
    """A name or a description in both languages."""

    en: Text
    pt: Text
