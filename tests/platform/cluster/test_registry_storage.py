from kaldra.cluster import registry_storage
from kaldra.toolchain import docker_client
from tests.fakes.archives import archive

A, B = "a" * 64, "b" * 64
FILES = {
    f"repositories/kaldra-api/_manifests/revisions/sha256/{A}/link": f"sha256:{A}",
    f"repositories/kaldra-api/_manifests/revisions/sha256/{B}/link": f"sha256:{B}",
    "repositories/kaldra-api/_manifests/tags/dev/current/link": f"sha256:{B}",
    f"repositories/kaldra-api/_manifests/tags/dev/index/sha256/{A}/link": f"sha256:{A}",
    f"repositories/kaldra-api/_layers/sha256/{A}/link": f"sha256:{A}",
    f"repositories/team/core/_manifests/revisions/sha256/{A}/link": f"sha256:{A}",
}


def test_images_and_what_has_a_tag_now(monkeypatch):
    monkeypatch.setattr(docker_client, "archive", lambda *_: archive(FILES))
    images, tagged = registry_storage.stored("try")
    assert images == [f"kaldra-api@sha256:{A}", f"kaldra-api@sha256:{B}", f"team/core@sha256:{A}"]
    assert tagged == {f"sha256:{B}"}


def test_a_registry_that_never_got_an_image(monkeypatch):
    monkeypatch.setattr(docker_client, "archive", lambda *_: None)
    assert registry_storage.stored("try") == ([], frozenset())
