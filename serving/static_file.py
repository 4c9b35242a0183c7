"""Content that every caller gets alike: compressed once, and sent again only when it changed."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

LEVEL = 9
KEPT = 32
"""JSON answers kept: more than there are lists of the vocabulary."""


_ACCEPTS_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)


class StaticFile:
    """Content with an entity tag of its bytes; browsers revalidate it on each use.

    Starlette's StaticFiles tags a file by its time and size, which are the same for different files
    of a reproducible image.
    """

    def __init__(
        self, content: bytes, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self._content = content
        self._media_type = media_type
        # Weak: the gzipped bytes have the same tag.
        self._headers = {
            "cache-control": "no-cache",
            "etag": f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',
            "vary": "Accept-Encoding",
            **(headers or {}),
        }

    @cached_property
    def _compressed(self) -> bytes:
        return gzip.compress(self._content, LEVEL, mtime=0)

    async def serve(self, request: Request) -> Response:
        """Return the file: the endpoint of a route."""
        return self.response(request)

    def response(self, request: Request) -> Response:
        """Return the file, gzipped for who accepts it; 304 where the caller has it already."""
        if self._headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=self._headers)
        if _ACCEPTS_GZIP.search(request.headers.get("accept-encoding", "")):
            headers = {**self._headers, "content-encoding": "gzip"}
            return Response(self._compressed, media_type=self._media_type, headers=headers)
        return Response(self._content, media_type=self._media_type, headers=self._headers)


def cacheable(request: Request, content: bytes) -> Response:
    """Return JSON that changes with a release alone, which callers may keep for five minutes."""
    return _json(content).response(request)


@lru_cache(maxsize=KEPT)
def _json(content: bytes) -> StaticFile:
    headers = {"cache-control": "private, max-age=300"}
    return StaticFile(content, "application/json", headers)
