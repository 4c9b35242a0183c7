"""Publishers' releases: downloaded once, checked against a digest, complete or absent."""

import errno
import hashlib
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from kaldra import variables
from kaldra.errors import KaldraError
from kaldra.paths import home
from kaldra.progress import Step
from kaldra.toolchain.files import GIGABYTE, require_space

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30
SPARE_GIGABYTES = 1.0
AGAIN = "Run the same command again: the download goes on where it stopped."


def address(url: str) -> str:
    """The URL, or the same path at `KALDRA_PUBLISHERS_URL` (a mirror, or a test's file server).

    Host and path are kept: https://host/a becomes <mirror>/host/a.
    """
    mirror = variables.PUBLISHERS_URL.value
    return f"{mirror.rstrip('/')}/{url.partition('://')[2]}" if mirror else url


def fetch(url: str, target: Path, digest: str, step: Step) -> Path:
    """Download to `target` unless it is there; a file with another digest is not kept.

    `digest` is a sha256, or a sha512 where it has 128 hex digits. An interrupted download is
    continued; the caller holds a lock. Raises KaldraError naming the address and what to do.
    """
    if target.exists():
        return target
    partial = target.with_name(f"{target.name}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        _download(address(url), partial, step)
    except (OSError, HTTPException) as error:
        raise _explained(error, address(url)) from error
    algorithm = "sha512" if len(digest) == 128 else "sha256"
    with partial.open("rb") as file:
        actual = hashlib.file_digest(file, algorithm).hexdigest()
    if actual != digest:
        partial.unlink()
        raise KaldraError(
            f"Checksum mismatch for {address(url)}: expected {algorithm} {digest}, "
            f"got {actual}. The file was deleted.",
            hint="Try again; if it happens again, that address serves something else than "
            "the publisher's release, and KALDRA_ROUTE=registries does without it.",
        )
    return partial.rename(target)


def _download(url: str, partial: Path, step: Step) -> None:
    """Download what is missing of `partial`."""
    have = partial.stat().st_size if partial.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  addresses are pinned
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310  as above
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # nothing is missing
            error.close()
            return
        raise
    with answer:
        # A server that cannot continue sends the whole file again.
        done = have if answer.status == 206 else 0
        total = done + int(answer.headers.get("Content-Length") or 0)
        require_space(partial.parent, total / GIGABYTE + SPARE_GIGABYTES, f"downloading {url}")
        with partial.open("ab" if done else "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                step.update(f"{done / 1e6:.0f} MB", done / total if total else None)
    if done < total:
        raise KaldraError(
            f"The download of {url} ended early: {done} of {total} bytes.", hint=AGAIN
        )


def _explained(error: Exception, url: str) -> KaldraError:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return KaldraError(
            f"{url} cannot be downloaded: {error.code} {error.reason}.",
            hint="KALDRA_ROUTE=registries builds from package registries instead.",
        )
    if isinstance(error, urllib.error.URLError):
        return KaldraError(
            f"{url} cannot be reached: {error.reason}.",
            hint="Check the connection; KALDRA_ROUTE=registries builds everything from package "
            "registries instead.",
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return KaldraError(
            f"The disk is full; {url} was not downloaded to its end.",
            hint=f"Free some space (to see its size: du -sh {home()}), then run the command again.",
        )
    return KaldraError(f"The download of {url} broke off: {error!r}.", hint=AGAIN)
