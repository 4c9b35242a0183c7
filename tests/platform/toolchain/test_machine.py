from pathlib import Path

import pytest

from kaldra import variables
from kaldra.toolchain import machine

EVERYTHING = (1 << len(machine.CAPABILITIES)) - 1
NEWEST = len(machine.CAPABILITIES) - 1


@pytest.mark.parametrize(
    ("held", "newest", "missing"),
    [
        (EVERYTHING, NEWEST, ()),
        (EVERYTHING & ~1, NEWEST, ("CAP_CHOWN",)),
        (EVERYTHING & ~(1 << 24), NEWEST, ("CAP_SYS_RESOURCE",)),
        (EVERYTHING & ~(1 << 40), NEWEST, ("CAP_CHECKPOINT_RESTORE",)),
        ((1 << 37) - 1, 36, ()),  # as many as this kernel knows
    ],
)
def test_capabilities_outside_the_bounding_set_are_missing(monkeypatch, held, newest, missing):
    monkeypatch.setattr(machine, "_last_capability", lambda: newest)
    status = f"Name:\tpython\nCapEff:\t0000000000000000\nCapBnd:\t{held:016x}\nCapAmb:\t0\n"
    assert machine.missing_capabilities(status) == missing


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


@pytest.mark.parametrize("named", [True, False])
def test_a_named_bundle_or_local_authorities_make_it_the_hosts(
    certificates, tmp_path, monkeypatch, named
):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    if named:
        monkeypatch.setenv("PIP_CERT", str(bundle))
    else:
        monkeypatch.setattr(machine, "SYSTEM_BUNDLE", bundle)
        (certificates / "company.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    assert machine._own_ca_bundle() == bundle
