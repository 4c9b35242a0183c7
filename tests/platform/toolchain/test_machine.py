from pathlib import Path

import pytest

from kaldra import variables
from kaldra.toolchain import machine


def bounding_set(mask: int) -> str:
    return f"Name:\tpython\nCapEff:\t0000000000000000\nCapBnd:\t{mask:016x}\nCapAmb:\t0\n"


EVERYTHING = (1 << len(machine.CAPABILITIES)) - 1


@pytest.fixture(autouse=True)
def newest_kernel(monkeypatch):
    monkeypatch.setattr(machine, "_last_capability", lambda: len(machine.CAPABILITIES) - 1)


def test_an_ordinary_host_misses_no_capability():
    assert machine.missing_capabilities(bounding_set(EVERYTHING)) == ()


@pytest.mark.parametrize(
    ("bit", "name"), [(0, "CAP_CHOWN"), (24, "CAP_SYS_RESOURCE"), (40, "CAP_CHECKPOINT_RESTORE")]
)
def test_a_capability_outside_the_bounding_set_is_named(bit, name):
    assert machine.missing_capabilities(bounding_set(EVERYTHING & ~(1 << bit))) == (name,)


def test_a_capability_that_an_old_kernel_does_not_know_is_not_missing(monkeypatch):
    monkeypatch.setattr(machine, "_last_capability", lambda: 36)
    assert machine.missing_capabilities(bounding_set((1 << 37) - 1)) == ()


def test_a_system_without_capabilities_misses_none():
    assert machine.missing_capabilities("Name:\tpython\n") == ()


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "ca-certificates"
    folder.mkdir()
    monkeypatch.setattr(machine, "LOCAL_CAS", folder)
    for name in [each.name for each in variables.AUTHORITIES]:
        monkeypatch.delenv(name, raising=False)
    return folder


def test_a_host_with_public_authorities_alone_has_no_bundle_of_its_own(certificates):
    assert machine._own_ca_bundle() is None


def test_a_bundle_named_in_the_environment_is_the_hosts(certificates, tmp_path, monkeypatch):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    monkeypatch.setenv("PIP_CERT", str(bundle))
    assert machine._own_ca_bundle() == bundle


def test_local_authorities_make_the_systems_bundle_the_hosts(certificates, tmp_path, monkeypatch):
    bundle = tmp_path / "system.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    monkeypatch.setattr(machine, "SYSTEM_BUNDLE", bundle)
    (certificates / "company.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    assert machine._own_ca_bundle() == bundle
