import pytest
from fastapi import Request

from serving.static_file import StaticFile


def asked(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "headers": raw})


def test_equal_length_content_has_another_tag():
    one, other = StaticFile(b"aaaa", "text/css"), StaticFile(b"bbbb", "text/css")
    assert one.response(asked()).headers["etag"] != other.response(asked()).headers["etag"]


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0.001, br", True),
        ("gzip;q=0", False),
        ("br, gzip ; q=0.0, identity", False),
        ("identity", False),
    ],
)
def test_a_quality_of_zero_refuses_gzip(accepted: str, compressed: bool):  # noqa: FBT001
    answer = StaticFile(b"x", "text/plain").response(asked(accept_encoding=accepted))
    assert ("content-encoding" in answer.headers) == compressed
