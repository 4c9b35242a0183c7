import pytest

from kaldra.toolchain import image_archive
from tests.fakes.progress import QuietProgress

TAG = "kaldra/base:abc"


@pytest.fixture(autouse=True)
def client(tmp_path, cache, docker_script):
    """A docker client that saves its last argument's name, and makes a mark when it loads."""
    docker_script(f'case $1 in save) echo "$4" > "$3";; load) touch {tmp_path}/loaded;; esac')


def test_an_image_is_there_where_the_engine_has_it(docker):
    docker.answers[f"GET /images/{TAG}/json"] = {"Id": "sha256:1"}
    assert image_archive.available(TAG, QuietProgress())


@pytest.mark.parametrize(
    ("spoil", "left", "told"),
    [
        (lambda _archive: None, ["base@abc.sha256", "base@abc.tar"], []),
        (lambda archive: archive.write_text("something else"), [], [True]),
        # Left by a killed run.
        (lambda archive: archive.with_suffix(".sha256").unlink(), ["base@abc.tar"], []),
    ],
)
def test_an_emptied_engine_gets_a_whole_archive_back(docker, cache, tmp_path, spoil, left, told):
    loaded, progress = tmp_path / "loaded", QuietProgress()
    docker.answers[f"GET /images/{TAG}/json"] = lambda _body: (
        {"Id": "sha256:1"} if loaded.exists() else None
    )
    image_archive.keep(TAG)
    spoil(cache / "images" / "base@abc.tar")
    whole = len(left) == 2
    assert image_archive.available(TAG, progress) == loaded.exists() == whole
    assert sorted(path.name for path in cache.glob("images/*")) == left
    assert ["is damaged" in said for said in progress.said] == told


def test_only_the_newest_of_a_name_is_kept(docker, cache):
    for tag in ("kaldra/base:1", "kaldra/node-base:1", "kaldra/base:2"):
        image_archive.keep(tag)
    kept = sorted(path.name for path in cache.glob("images/*.tar"))
    assert kept == ["base@2.tar", "node-base@1.tar"]
