import pytest

from kaldra.toolchain import image_archive
from tests.fakes.progress import QuietProgress

TAG = "kaldra/base:abc"


@pytest.fixture(autouse=True)
def client(tmp_path, cache, docker_script):
    """A docker client that saves its last argument's name, and makes a mark when it loads."""
    docker_script(f'case $1 in save) echo "$4" > "$3";; load) touch {tmp_path}/loaded;; esac')


def test_an_image_is_there_where_the_engine_has_it(docker):
    assert not image_archive.available(TAG, QuietProgress())
    docker.answers[f"GET /images/{TAG}/json"] = {"Id": "sha256:1"}
    assert image_archive.available(TAG, QuietProgress())


def test_an_emptied_engine_gets_a_kept_image_back(docker, tmp_path):
    loaded = tmp_path / "loaded"
    docker.answers[f"GET /images/{TAG}/json"] = lambda _body: (
        {"Id": "sha256:1"} if loaded.exists() else None
    )
    image_archive.keep(TAG)
    assert image_archive.available(TAG, QuietProgress())
    assert loaded.exists()


def test_a_damaged_archive_is_told_and_thrown_away(docker, cache, tmp_path):
    image_archive.keep(TAG)
    (archive,) = cache.glob("images/*.tar")
    archive.write_text("something else")
    progress = QuietProgress()
    assert not image_archive.available(TAG, progress)
    assert "is damaged" in progress.said[0]
    assert list(cache.glob("images/*")) == []
    assert not (tmp_path / "loaded").exists()


def test_an_archive_that_a_killed_run_left_is_not_used(docker, cache, tmp_path):
    image_archive.keep(TAG)
    for record in cache.glob("images/*.sha256"):
        record.unlink()
    assert not image_archive.available(TAG, QuietProgress())
    assert not (tmp_path / "loaded").exists()


def test_only_the_newest_of_a_name_is_kept(docker, cache):
    for tag in ("kaldra/base:1", "kaldra/node-base:1", "kaldra/base:2"):
        image_archive.keep(tag)
    kept = sorted(path.name for path in cache.glob("images/*.tar"))
    assert kept == ["base@2.tar", "node-base@1.tar"]
