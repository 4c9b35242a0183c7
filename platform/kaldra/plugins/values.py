"""Property values as the engine sends them, and as a provider works with them.

A provider sees plain Python: None, bool, int, float, str, list, dict, and two kinds more:
`Secret`, which wraps a value that must stay encrypted in the state, and `UNKNOWN`, which stands
for a value a preview cannot know yet.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import struct_pb2

Props = dict[str, Any]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  a marker, no secret
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWNS = {
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}
_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Secret:
    """A value that is encrypted in the state and masked in every output."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "[secret]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.value == self.value

    def __hash__(self) -> int:
        return hash(repr(self.value))


class Unknown:
    """The type of `UNKNOWN`, of which there is one."""

    def __repr__(self) -> str:
        return "[unknown]"

    def __copy__(self) -> "Unknown":
        return self

    def __deepcopy__(self, memo: object) -> "Unknown":
        return self


UNKNOWN = Unknown()


def decode(struct: struct_pb2.Struct) -> Props:
    """Properties out of a message; whole numbers come back as int."""
    return {key: _decode(value) for key, value in struct.fields.items()}


def _decode(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in _UNKNOWNS else text
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode(element) for element in value.list_value.values]
    if kind == "struct_value":
        return _decode_special(decode(value.struct_value))
    return None


def _decode_special(properties: Props) -> Any:
    signature = properties.get(_SIGNATURE)
    if signature == _SECRET:
        return Secret(properties.get("value"))
    if signature == _OUTPUT:
        known = properties.get("value", UNKNOWN)
        return Secret(known) if properties.get("secret") else known
    return properties


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Put properties into a message; TypeError on a value the protocol has no form for."""
    struct = struct_pb2.Struct()
    _encode_into(struct, properties)
    return struct


def _encode_into(struct: struct_pb2.Struct, properties: Mapping[str, Any]) -> None:
    fields = struct.fields
    for key, value in properties.items():
        _encode(fields[key], value)


def _encode(target: struct_pb2.Value, value: Any) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Unknown):
        target.string_value = _UNKNOWN_TEXT
    elif isinstance(value, Secret):
        _encode_into(target.struct_value, {_SIGNATURE: _SECRET, "value": value.value})
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        _encode_into(target.struct_value, value)
    elif isinstance(value, (list, tuple)):
        target.list_value.SetInParent()
        for element in value:
            _encode(target.list_value.values.add(), element)
    else:
        raise TypeError(f"no property value can be made of {type(value).__name__}")


def reveal(value: Any) -> Any:
    """Copy `value` without the secret wrappers; unknowns stay."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(element) for key, element in value.items()}
    if isinstance(value, list):
        return [reveal(element) for element in value]
    return value


def conceal(value: Any, like: Any) -> Any:
    """Copy `value`, secret at every path where `like` is.

    Where `like` is a secret list element, the element of the same index is wrapped.
    """
    if isinstance(value, Secret):
        return value
    if isinstance(like, Secret):
        return Secret(reveal(value))
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: conceal(element, like.get(key)) for key, element in value.items()}
    if isinstance(value, list) and isinstance(like, list):
        return [
            conceal(element, like[index] if index < len(like) else None)
            for index, element in enumerate(value)
        ]
    return value


def contains_unknown(value: Any) -> bool:
    """Whether anything inside `value` is not known yet."""
    if isinstance(value, Secret):
        return contains_unknown(value.value)
    if isinstance(value, dict):
        return any(contains_unknown(element) for element in value.values())
    if isinstance(value, list):
        return any(contains_unknown(element) for element in value)
    return isinstance(value, Unknown)


def secret_texts(value: Any, *, inside: bool = False) -> Iterator[str]:
    """Every string inside a secret of `value`: what no message may show."""
    if isinstance(value, Secret):
        yield from secret_texts(value.value, inside=True)
    elif isinstance(value, dict):
        for element in value.values():
            yield from secret_texts(element, inside=inside)
    elif isinstance(value, list):
        for element in value:
            yield from secret_texts(element, inside=inside)
    elif inside and isinstance(value, str):
        yield value
