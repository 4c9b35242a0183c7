"""Names for resources the program does not name."""

import hashlib
import secrets

from kaldra.plugins.kubernetes.objects import AUTONAMED, Object, is_true, name_of, set_annotation
from kaldra.plugins.provider import Autonaming, Failure, Naming

_DIGITS = 8


def assign(
    inputs: Object, olds: Object, name: str, seed: bytes, autonaming: Autonaming | None
) -> Failure | None:
    """Give `inputs` a name if it has none: its old automatic one, else a new one.

    `name` is the program's name for the resource; the same `seed` leads to the same name.
    """
    if name_of(inputs):
        return None
    metadata = inputs.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        return None
    if metadata.get("generateName"):
        return Failure(
            "metadata.generateName",
            "is not possible with server-side apply; leave the name out to have one made",
        )
    if name_of(olds) and is_true(olds, AUTONAMED):
        chosen = str(name_of(olds))
    elif autonaming and autonaming.mode is Naming.DISABLE:
        return Failure("metadata.name", "is required: the project switches automatic names off")
    elif autonaming and autonaming.proposed:
        chosen = autonaming.proposed
    else:
        chosen = f"{name}-{_suffix(seed)}"
    metadata["name"] = chosen
    set_annotation(inputs, AUTONAMED, "true")
    return None


def _suffix(seed: bytes) -> str:
    if not seed:
        return secrets.token_hex(_DIGITS // 2)
    return hashlib.sha256(seed).hexdigest()[:_DIGITS]
