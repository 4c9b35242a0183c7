"""Answers that change with a release alone: cached by callers, compressed once."""

import gzip
import hashlib
from functools import lru_cache
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

KEPT = 32
"""Compressed answers kept: more than there are lists of the vocabulary."""


def cacheable(request: Request, content: bytes) -> Response:
    """JSON with ETag and Cache-Control, compressed where the client accepts it; or 304."""
    etag, compressed = _variants(content)
    headers = {"etag": etag, "cache-control": "private, max-age=300", "vary": "Accept-Encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        content = compressed
    return Response(content, media_type="application/json", headers=headers)


@lru_cache(maxsize=KEPT)
def _variants(content: bytes) -> tuple[str, bytes]:
    digest = hashlib.sha256(content).hexdigest()[:32]
    return f'W/"{digest}"', gzip.compress(content, mtime=0)
