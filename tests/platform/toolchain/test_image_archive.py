import pytest

from kaldra.toolchain import image_archive
from tests.fakes.programs import program
from tests.fakes.progress import QuietProgress

TAG = "kaldra/base:abc"


@pytest.fixture
def client(tmp_path, cache):
    """A docker client that saves its last argument's name, and makes a mark when it loads."""
    script = f'case $1 in save) echo "$4" > "$3";; load) touch {tmp_path}/loaded;; esac'
    return program(tmp_path / "docker", script)


def test_an_image_is_there_where_the_engine_has_it(docker, client):
    assert not image_archive.available(TAG, QuietProgress(), client=client)
    docker.answers[f"GET /images/{TAG}/json"] = {"Id": "sha256:1"}
    assert image_archive.available(TAG, QuietProgress(), client=client)


def test_an_emptied_engine_gets_a_kept_image_back(docker, client, tmp_path):
    loaded = tmp_path / "loaded"
    docker.answers[f"GET /images/{TAG}/json"] = lambda _body: (
        {"Id": "sha256:1"} if loaded.exists() else None
    )
    image_archive.keep(TAG, client=client)
    assert image_archive.available(TAG, QuietProgress(), client=client)
    assert loaded.exists()


def test_a_damaged_archive_is_told_and_thrown_away(docker, client, cache, tmp_path):
    image_archive.keep(TAG, client=client)
    (archive,) = cache.glob("images/*.tar")
    archive.write_text("something else")
    progress = QuietProgress()
    assert not image_archive.available(TAG, progress, client=client)
    assert "is damaged" in progress.said[0]
    assert list(cache.glob("images/*")) == []
    assert not (tmp_path / "loaded").exists()


def test_an_archive_that_a_killed_run_left_is_not_used(docker, client, cache, tmp_path):
    image_archive.keep(TAG, client=client)
    for record in cache.glob("images/*.sha256"):
        record.unlink()
    assert not image_archive.available(TAG, QuietProgress(), client=client)
    assert not (tmp_path / "loaded").exists()


def test_only_the_newest_of_a_name_is_kept(docker, client, cache):
    for tag in ("kaldra/base:1", "kaldra/node-base:1", "kaldra/base:2"):
        image_archive.keep(tag, client=client)
    kept = sorted(path.name for path in cache.glob("images/*.tar"))
    assert kept == ["base@2.tar", "node-base@1.tar"]
