"""Where a secret could be given away, how it may be written down, and whether a text has it."""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from tests.e2e.clone import Clone
from tests.e2e.docker import docker, saved

ENGINE_LOG = "--logtostderr --logflow -v=8"
"""The most verbose log that `pulumi` of `./kaldra env` makes: docs/how-to/secrets.md."""
OBJECTS = "pods,deployments,configmaps,events"
ALL_SEEN = """
import os, pathlib
print(os.environ)
print([p.read_text() for p in pathlib.Path("/etc/kaldra").rglob("*") if p.is_file()])
"""
"""What a service could give away: a program for its Python."""


def places(clone: Clone) -> Iterator[tuple[str, bytes]]:
    """Name and content of everything that a deployed stack keeps, says or runs.

    Only its secrets in the cluster are left out.
    """
    for file in clone.state.rglob("*"):
        if file.is_file() and not file.is_symlink():
            yield str(file.relative_to(clone.state)), unpacked(file)
    yield clone.stack_file, (clone.root / clone.stack_file).read_bytes()
    yield "export", clone.shell("pulumi stack export; pulumi stack output").encode()
    yield "logs", clone.kaldra("logs").encode()
    yield "transcript", "\n".join(clone.transcript).encode()
    yield OBJECTS, clone.kubectl("get", OBJECTS, "--output=yaml").encode()
    for service, image in clone.images().items():
        yield image, saved(image)
        yield f"history of {image}", docker("history", "--no-trunc", image).encode()
        command = ("exec", f"deployment/{service}", "--")
        yield f"environment of {service}", clone.kubectl(*command, "printenv").encode()
        yield f"inside of {service}", clone.kubectl(*command, "python3", "-c", ALL_SEEN).encode()


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
