"""`./kaldra build` beyond Docker: what it asks docker for, and what becomes of the report."""

from pathlib import Path

import pytest

from kaldra.cli import build
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.release import naming, vulnerabilities
from kaldra.stack.build_arguments import build_arguments
from kaldra.toolchain.prepare import Prepared
from kaldra.toolchain.probe import Route
from tests.platform.release.images import CONTENTS

PREPARED = Prepared(Route.REGISTRIES, "base:1", "builder:1", None, None)
SOURCE = naming.Source("c0ffee-dirty", 7)
ID = Path("id")
FINDING = vulnerabilities.Finding("pypi", "x", "1", "PYSEC-1", (), "", ("2",), ("kaldra-api",))


@pytest.fixture
def commands(monkeypatch):
    """What docker is asked for."""
    asked = []
    monkeypatch.setattr(build, "prepare", lambda *_, **__: PREPARED)
    monkeypatch.setattr(
        build.image_build, "build", lambda recipe, *_, **__: asked.append(recipe.command("", ID))
    )
    monkeypatch.setattr(build.naming, "source", lambda _: SOURCE)
    monkeypatch.setattr(build.contents, "read", lambda *_: CONTENTS)
    return asked


def report(monkeypatch, *, complete, findings=()):
    told = vulnerabilities.Report("https://osv", complete, "no network", 3, findings)
    monkeypatch.setattr(build.vulnerabilities, "report", lambda _: told)


def run(out, **given):
    build.run(Console(quiet=True), assume_yes=False, tag=given.pop("tag", "dev"), out=out, **given)


def test_both_images_are_built_with_the_arguments_of_up(commands, tmp_path):
    run(tmp_path)
    core, api = commands
    assert "--tag=kaldra-core:dev" in core
    assert "--tag=kaldra-api:dev" in api
    for command in commands:
        for name, value in build_arguments("base:1", "builder:1").items():
            assert f"--build-arg={name}={value}" in command
        assert "--no-cache" not in command
    assert list(tmp_path.iterdir()) == []


def test_strict_fails_where_nobody_could_be_asked(commands, tmp_path, monkeypatch):
    report(monkeypatch, complete=False)
    with pytest.raises(KaldraError, match="NOT CHECKED"):
        run(tmp_path, strict=True)


def test_strict_fails_on_a_fault_of_a_python_package_alone(commands, tmp_path, monkeypatch):
    report(monkeypatch, complete=True, findings=(FINDING,))
    run(tmp_path, sbom=True)
    with pytest.raises(KaldraError, match="1 known vulnerabilities"):
        run(tmp_path, strict=True)
    of_the_base = vulnerabilities.Finding("deb", "y", "1", "CVE-1", (), "", (), ("kaldra-api",))
    report(monkeypatch, complete=True, findings=(of_the_base,))
    run(tmp_path, strict=True)
