import hashlib
import shutil
from types import SimpleNamespace

import pytest

from kaldra.errors import KaldraError
from kaldra.progress import Step
from kaldra.toolchain import download
from tests.fakes.progress import QuietProgress

URL = "https://example.org/tool"
CONTENT = b"a program" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def step() -> Step:
    with QuietProgress().step("") as quiet:
        return quiet


def test_is_made_once_and_is_complete(served, step, tmp_path):
    served.files["example.org/tool"] = CONTENT
    for _ in range(2):
        assert download.fetch(URL, tmp_path / "tool", DIGEST, step).read_bytes() == CONTENT
    assert served.asked == ["example.org/tool"]


def test_wrong_checksum_is_told_and_nothing_is_kept(served, step, tmp_path):
    served.files["example.org/tool"] = b"something else"
    with pytest.raises(KaldraError, match="Checksum mismatch") as caught:
        download.fetch(URL, tmp_path / "tool", DIGEST, step)
    got = hashlib.sha256(b"something else").hexdigest()
    assert all(
        part in str(caught.value) for part in (DIGEST, got, f"{served.url}/example.org/tool")
    )
    assert caught.value.hint
    assert list(tmp_path.glob("tool*")) == []


def test_broken_off_download_is_continued(served, step, tmp_path):
    served.files["example.org/tool"] = CONTENT
    served.cut = 4000
    with pytest.raises(KaldraError, match=rf"4000 of {len(CONTENT)} bytes|broke off"):
        download.fetch(URL, tmp_path / "tool", DIGEST, step)
    assert not (tmp_path / "tool").exists()
    served.cut = None
    assert download.fetch(URL, tmp_path / "tool", DIGEST, step).read_bytes() == CONTENT
    assert served.asked[-1] == "example.org/tool bytes=4000-"


@pytest.mark.usefixtures("unreachable")
def test_unreachable_publisher_names_the_other_route(step, tmp_path):
    with pytest.raises(KaldraError, match="cannot be reached") as caught:
        download.fetch(URL, tmp_path / "tool", DIGEST, step)
    assert "KALDRA_ROUTE=registries" in caught.value.hint


def test_missing_file_is_told(served, step, tmp_path):
    with pytest.raises(KaldraError, match="404"):
        download.fetch(URL, tmp_path / "tool", DIGEST, step)


def test_nearly_full_disk_is_told_before_writing(served, step, tmp_path, monkeypatch):
    served.files["example.org/tool"] = CONTENT
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**8))
    with pytest.raises(KaldraError, match="nearly full") as caught:
        download.fetch(URL, tmp_path / "tool", DIGEST, step)
    assert "KALDRA_HOME" in caught.value.hint
    assert list(tmp_path.glob("tool*")) == []


def test_longer_digests_are_sha512(served, step, tmp_path):
    served.files["example.org/tool"] = CONTENT
    digest = hashlib.sha512(CONTENT).hexdigest()
    assert download.fetch(URL, tmp_path / "tool", digest, step).read_bytes() == CONTENT
