"""Stack files as they may be committed: no clone's own passphrase locks the others out."""

import re
from collections.abc import Iterator
from pathlib import Path

_SALT = re.compile(r"^encryptionsalt:", re.MULTILINE)
_SECRET = re.compile(r"\bsecure: ")


def faults(path: Path) -> Iterator[str]:
    """A salt where nothing is encrypted: plain pulumi writes that of its clone's passphrase."""
    text = path.read_text(encoding="utf-8")
    if _SALT.search(text) and not _SECRET.search(text):
        yield (
            "encryptionsalt without a secret: no clone with another passphrase can use the file; "
            f"git checkout {path.name}, or remove the line"
        )
