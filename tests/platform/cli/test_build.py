"""What becomes of the report of `./kaldra build`; tests/e2e/test_14_build.py builds."""

import pytest

from kaldra.cli import build
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.release import naming, vulnerabilities
from kaldra.toolchain.prepare import Prepared
from kaldra.toolchain.probe import Route
from tests.platform.release.images import CONTENTS

PREPARED = Prepared(Route.REGISTRIES, "base:1", "builder:1", None, None)
SOURCE = naming.Source("c0ffee-dirty", 7)
FINDING = vulnerabilities.Finding("pypi", "x", "1", "PYSEC-1", (), "", ("2",), ("kaldra-api",))


@pytest.fixture(autouse=True)
def without_docker(monkeypatch):
    monkeypatch.setattr(build, "prepare", lambda *_, **__: PREPARED)
    monkeypatch.setattr(build.image_build, "build", lambda *_, **__: None)
    monkeypatch.setattr(build.naming, "source", lambda _: SOURCE)
    monkeypatch.setattr(build.contents, "read", lambda *_: CONTENTS)


def report(monkeypatch, *, complete, findings=()):
    told = vulnerabilities.Report("https://osv", complete, "no network", 3, findings)
    monkeypatch.setattr(build.vulnerabilities, "report", lambda _: told)


def run(out, **given):
    build.run(Console(quiet=True), assume_yes=False, tag="dev", out=out, **given)


def test_strict_fails_where_nobody_could_be_asked(tmp_path, monkeypatch):
    report(monkeypatch, complete=False)
    with pytest.raises(KaldraError, match="NOT CHECKED"):
        run(tmp_path, strict=True)


def test_strict_fails_on_a_fault_of_a_python_package_alone(tmp_path, monkeypatch):
    report(monkeypatch, complete=True, findings=(FINDING,))
    run(tmp_path, sbom=True)
    with pytest.raises(KaldraError, match="1 known vulnerabilities"):
        run(tmp_path, strict=True)
    of_the_base = vulnerabilities.Finding("deb", "y", "1", "CVE-1", (), "", (), ("kaldra-api",))
    report(monkeypatch, complete=True, findings=(of_the_base,))
    run(tmp_path, strict=True)
