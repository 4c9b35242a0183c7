"""Stack files as they may be committed: no clone's own passphrase locks the others out."""

from collections.abc import Iterator
from pathlib import Path

from kaldra.stack.stack_file import has_salt, has_secret


def faults(path: Path) -> Iterator[str]:
    """A salt where nothing is encrypted: plain pulumi writes that of its clone's passphrase."""
    stack = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    if has_salt(stack, path.parent) and not has_secret(stack, path.parent):
        yield (
            "encryptionsalt without a secret: no clone with another passphrase can use the file; "
            f"git checkout {path.name}, or remove the line"
        )
