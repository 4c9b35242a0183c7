"""A resource's state, laid out as the official provider's so that either continues the other's.

The state is the live object, and beside it the inputs it was made from (`__inputs`), the API
version it was first made with, and the field manager that holds its fields.
"""

import hashlib
from typing import Any

from kaldra.plugins.kubernetes.objects import (
    PATCH_MANAGER,
    Object,
    annotation,
    protected,
)
from kaldra.plugins.values import Props, reveal

_INPUTS = "__inputs"
_API_VERSION = "__initialApiVersion"
_MANAGER = "__fieldManager"


def write(inputs: Props, live: Object, *, manager: str, api_version: str) -> Props:
    """Make the state of `live`; what `inputs` mark as secret stays secret in it."""
    plain = reveal(inputs)
    return {
        **protected(live, inputs),
        _INPUTS: protected(plain, inputs),
        _API_VERSION: api_version,
        _MANAGER: manager,
    }


def read(state: Props) -> tuple[Object, Object]:
    """Split a state into the inputs it was made from and the live object, nothing secret."""
    plain: Object = reveal(state)
    inputs = plain.pop(_INPUTS, None)
    plain.pop(_API_VERSION, None)
    plain.pop(_MANAGER, None)
    return (inputs if isinstance(inputs, dict) else {}), plain


def api_version(state: Props, obj: Object) -> str:
    """Tell with which API version the object was first made."""
    return str(state.get(_API_VERSION) or obj.get("apiVersion") or "")


def manager_of(state: Props, obj: Object, urn: str) -> str:
    """Name the field manager: as annotated, as recorded, or for a new resource one of its own.

    The official provider draws eight random digits for a new resource. Taken from the URN they
    are the same on every run, so that an object left by a run that was killed before it could
    record it is known again.
    """
    given: Any = annotation(obj, PATCH_MANAGER) or state.get(_MANAGER)
    return str(given or f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}")
