import hashlib
import shutil
from types import SimpleNamespace

import pytest

from kaldra.errors import KaldraError
from kaldra.toolchain import download
from tests.fakes.progress import QuietProgress

URL = "https://example.org/tool"
CONTENT = b"a program" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def fetch(served, tmp_path):
    """Downloads the tool, which the publisher has, and returns its content."""
    served.files["example.org/tool"] = CONTENT

    def fetch(digest: str = DIGEST) -> bytes:
        with QuietProgress().step("") as step:
            return download.fetch(URL, tmp_path / "tool", digest, step).read_bytes()

    return fetch


def test_is_made_once_and_is_complete(served, fetch):
    for _ in range(2):
        assert fetch() == CONTENT
    assert served.asked == ["example.org/tool"]


def test_wrong_checksum_is_told_and_nothing_is_kept(served, fetch, tmp_path):
    served.files["example.org/tool"] = b"something else"
    with pytest.raises(KaldraError, match="Checksum mismatch") as caught:
        fetch()
    got = hashlib.sha256(b"something else").hexdigest()
    for part in (DIGEST, got, f"{served.url}/example.org/tool"):
        assert part in str(caught.value)
    assert "KALDRA_ROUTE=registries" in caught.value.hint
    assert list(tmp_path.glob("tool*")) == []


def test_broken_off_download_is_continued(served, fetch, tmp_path):
    served.cut = 4000
    with pytest.raises(KaldraError, match=rf"4000 of {len(CONTENT)} bytes|broke off"):
        fetch()
    assert not (tmp_path / "tool").exists()
    served.cut = None
    assert fetch() == CONTENT
    assert served.asked[-1] == "example.org/tool bytes=4000-"


def test_unreachable_publisher_names_the_other_route(fetch, unreachable):
    with pytest.raises(KaldraError, match="cannot be reached") as caught:
        fetch()
    assert "KALDRA_ROUTE=registries" in caught.value.hint


def test_missing_file_is_told(served, fetch):
    served.files.clear()
    with pytest.raises(KaldraError, match="404"):
        fetch()


def test_nearly_full_disk_is_told_before_writing(fetch, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**8))
    with pytest.raises(KaldraError, match="nearly full") as caught:
        fetch()
    assert "KALDRA_HOME" in caught.value.hint
    assert list(tmp_path.glob("tool*")) == []


def test_longer_digests_are_sha512(fetch):
    assert fetch(hashlib.sha512(CONTENT).hexdigest()) == CONTENT
