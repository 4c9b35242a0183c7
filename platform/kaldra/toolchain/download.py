"""Publishers' releases: downloaded once, checked against a digest, complete or absent."""

import hashlib
import json
import os
import re
import urllib.error
import urllib.request
from http.client import HTTPResponse
from pathlib import Path
from typing import cast

from kaldra.errors import KaldraError
from kaldra.paths import home
from kaldra.progress import Step
from kaldra.toolchain.files import locked, require_space

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30
SPARE_GIGABYTES = 1.0


def address(url: str) -> str:
    """The URL, or the same path at `KALDRA_PUBLISHERS_URL` (a mirror, or a test's file server).

    Host and path are kept: https://host/a becomes <mirror>/host/a.
    """
    mirror = os.environ.get("KALDRA_PUBLISHERS_URL")
    if not mirror:
        return url
    return f"{mirror.rstrip('/')}/{url.partition('://')[2]}"


def fetch(url: str, target: Path, sha256: str, step: Step) -> Path:
    """Download to `target` unless it is there; a file with another digest is not kept.

    Raises KaldraError naming the address and what to do.
    """
    if target.exists():
        return target
    require_space(target.parent, SPARE_GIGABYTES, "downloading tools")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    try:
        actual = _download(address(url), partial, step)
        if actual != sha256:
            raise KaldraError(
                f"Checksum mismatch for {address(url)}: expected sha256 {sha256}, got {actual}. "
                "The file was thrown away.",
                hint="Try again; if it happens again, the address serves something else than "
                "the publisher's release.",
            )
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def published_digest(url: str, name: str, step: Step) -> str:
    """The sha256 of `name` in a publisher's checksum file at `url`.

    Raises KaldraError where the file does not list it.
    """
    step.update(f"checksums of {name}")
    with _open(address(url)) as answer:
        text = answer.read().decode(errors="replace")
    bare = re.fullmatch(r"\s*([0-9a-f]{64})\s*", text)
    if bare:
        return bare[1]
    for line in text.splitlines():
        found = re.match(r"([0-9a-f]{64})\s+\*?(?:\./)?(\S+)$", line.strip())
        if found and found[2].rsplit("/", 1)[-1] == name:
            return found[1]
    raise KaldraError(
        f"{address(url)} lists no checksum for {name}.", hint="./kaldra doctor shows the route."
    )


def recorded_digest(url: str, step: Step) -> str:
    """The sha256 that `url` had when this machine first saw it.

    For releases whose publisher lists no checksums: a later change under the same name is refused.
    """
    record = home() / "digests.json"
    with locked("digests"):
        known: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
        if url not in known:
            probe = home() / "downloads" / f"first-{os.getpid()}"
            probe.parent.mkdir(parents=True, exist_ok=True)
            try:
                known[url] = _download(address(url), probe, step)
            finally:
                probe.unlink(missing_ok=True)
            record.write_text(json.dumps(known, indent=2, sort_keys=True))
    return known[url]


def _download(url: str, target: Path, step: Step) -> str:
    digest = hashlib.sha256()
    with _open(url) as answer, target.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        while chunk := _read(answer, url):
            digest.update(chunk)
            file.write(chunk)
            done += len(chunk)
            step.update(f"{done / 1e6:.0f} MB", done / total if total else None)
    if total and done != total:
        raise KaldraError(
            f"The download of {url} ended early: {done} of {total} bytes.", hint="Try again."
        )
    return digest.hexdigest()


def _read(answer: HTTPResponse, url: str) -> bytes:
    try:
        return bytes(answer.read(CHUNK))
    except OSError as error:
        raise KaldraError(
            f"The download of {url} broke off: {error}.", hint="Try again."
        ) from error


def _open(url: str) -> HTTPResponse:
    try:
        answer = urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS)  # noqa: S310  pinned
    except (urllib.error.URLError, OSError) as error:
        raise KaldraError(
            f"{url} cannot be downloaded: {getattr(error, 'reason', error)}.",
            hint="Check the connection; KALDRA_ROUTE=registries builds everything from package "
            "registries instead.",
        ) from error
    return cast("HTTPResponse", answer)
