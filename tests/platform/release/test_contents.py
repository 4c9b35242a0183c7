import json

import pytest

from kaldra.errors import KaldraError
from kaldra.release import contents
from tests.fakes.archives import archive
from tests.platform.release.images import CONTENTS, FILES, HTTPX, LIBSSL, STDLIB, THING


@pytest.fixture
def read(tmp_path, docker_script):
    """Reads an image of a docker client, which notes the containers it made and removed."""

    def read(variables=(), code=0):
        document = {
            "Id": CONTENTS.image_id,
            "Architecture": "amd64",
            "RootFS": {"Layers": list(CONTENTS.layers)},
            "Config": {"Env": list(variables)},
        }
        (tmp_path / "inspect.json").write_text(json.dumps([document]))
        (tmp_path / "export.tar").write_bytes(archive(FILES))
        docker_script(
            f"cd '{tmp_path}'\n"
            'case "$1" in\n'
            "  image) cat inspect.json;;\n"
            "  create) echo c0ffee;;\n"
            f'  export) cp export.tar "${{2#--output=}}"; exit {code};;\n'
            '  rm) echo "$@" >removed;;\n'
            "esac"
        )
        return contents.read("x")

    return read


def test_packages_are_those_that_are_installed(tmp_path, read):
    found = read()
    assert found.packages == (STDLIB, LIBSSL, HTTPX, THING)
    assert (found.distribution, found.architecture) == ("debian-12", "amd64")
    assert (tmp_path / "removed").read_text() == "rm --force c0ffee\n"


def test_the_publishers_python_counts_although_no_package_holds_it(read):
    found = read(["PATH=/bin", "PYTHON_VERSION=3.11.16"])
    assert contents.Package("generic", "python", "3.11.16", "PSF-2.0") in found.packages


def test_an_export_that_breaks_off_is_no_list_of_packages(tmp_path, read):
    with pytest.raises(KaldraError, match="Reading x failed"):
        read(code=3)
    assert (tmp_path / "removed").exists()
