"""How a secret may be written down, and whether a text gives one away."""

import base64
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

ENGINE_LOG = "--logtostderr --logflow -v=8"
"""The most verbose log that `pulumi` of `./kaldra env` makes: docs/how-to/secrets.md."""
ALL_SEEN = """
import os, pathlib
print(os.environ)
print([p.read_text() for p in pathlib.Path("/etc/kaldra").rglob("*") if p.is_file()])
"""
"""What a service could give away: a program for its Python."""


def spellings(secret: str) -> list[bytes]:
    """A secret as it is, escaped, and as the middle of any base64 text that it is part of."""
    escaped = json.dumps(secret)[1:-1]
    found = [secret, escaped, json.dumps(escaped)[1:-1], quote(secret, safe="")]
    for plain in {secret, escaped}:
        for before in range(3):
            whole = base64.b64encode(b"x" * before + plain.encode()).decode()
            # The first and the last group depend on what stands around the secret.
            middle = whole[4 if before else 0 : len(whole) - 4]
            found += [middle, middle.replace("+", "-").replace("/", "_")]
    return [text.encode() for text in found]


def told(content: bytes, secrets: Mapping[str, str]) -> list[str]:
    """Names of the secrets that a content gives away."""
    return [name for name, value in secrets.items() if any(s in content for s in spellings(value))]


def unpacked(file: Path) -> bytes:
    """Content of a file; of a compressed one, what is in it, as far as it was written."""
    content = file.read_bytes()
    if not content.startswith(b"\x1f\x8b"):
        return content
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content)
