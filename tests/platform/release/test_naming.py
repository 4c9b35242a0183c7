import subprocess

import pytest

from kaldra.errors import ConfigurationError
from kaldra.release import naming
from kaldra.stack.settings import VERSION


@pytest.fixture
def clone(tmp_path):
    (tmp_path / "file").write_text("one")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message=one", "--date=2026-01-02T03:04:05Z")
    return tmp_path


def git(folder, *arguments):
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True)  # noqa: S607


@pytest.mark.parametrize("tag", ["dev", f"v{VERSION}", f"{VERSION}-amd64", "_x", "a" * 128])
def test_good_tags(tag):
    assert naming.checked_tag(tag) == tag


@pytest.mark.parametrize("tag", ["", "-x", ".x", "a b", "a/b", "a:b", "é", "a" * 129, "x\n"])
def test_a_tag_that_docker_refuses_is_refused_first(tag):
    with pytest.raises(ConfigurationError, match="is not a valid tag"):
        naming.checked_tag(tag)


@pytest.mark.parametrize("tag", ["v9.9.9", "9.9.9-arm64"])
def test_a_version_that_the_services_do_not_have_is_refused(tag):
    with pytest.raises(ConfigurationError, match=f"but the services are {VERSION}"):
        naming.checked_tag(tag)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("ghcr.io/Some-Owner", "ghcr.io/some-owner"),
        ("localhost:5001/", "localhost:5001"),
        ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b"),
        ("localhost", "localhost"),
    ],
)
def test_good_registries(given, name):
    assert naming.checked_registry(given) == name


@pytest.mark.parametrize("given", ["", "https://ghcr.io/x", "owner", "ghcr.io/x:tag", "ghcr.io//x"])
def test_what_is_no_registry_is_refused(given):
    with pytest.raises(ConfigurationError, match="is not a valid registry"):
        naming.checked_registry(given)


def test_a_changed_or_added_file_makes_the_revision_dirty(clone):
    found = naming.source(clone)
    assert len(found.revision) == 40
    assert found.seconds > 0
    (clone / "new").write_text("")
    assert naming.source(clone) == naming.Source(f"{found.revision}-dirty", found.seconds)


def test_a_folder_without_git_has_no_revision(tmp_path):
    assert naming.source(tmp_path) == naming.Source("", 0)
