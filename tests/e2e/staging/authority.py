"""An authority of the tests' own, and the certificates it signs, made with openssl."""

import subprocess
from pathlib import Path

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def create(folder: Path) -> None:
    """An authority: `ca.crt` and `ca.key`."""
    _openssl(
        folder, "req", "-x509", "-subj", "/CN=Staging tests", "-days", "2",
        "-addext", "basicConstraints=critical,CA:TRUE",
        "-addext", "keyUsage=critical,keyCertSign",
        "-keyout", "ca.key", "-out", "ca.crt", *KEY,
    )  # fmt: skip


def sign(folder: Path, name: str, alternative: str, *, expired: bool = False) -> tuple[Path, Path]:
    """Certificate and key of `DNS:host` or `IP:address`; an expired one ended yesterday."""
    _openssl(
        folder, "req", "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}",
        "-addext", "extendedKeyUsage=serverAuth,clientAuth",
        "-keyout", f"{name}.key", "-out", f"{name}.csr", *KEY,
    )  # fmt: skip
    _openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt",
        "-copy_extensions", "copy", "-CA", "ca.crt", "-CAkey", "ca.key",
        "-days", "-1" if expired else "1",
    )  # fmt: skip
    (folder / f"{name}.key").chmod(0o644)
    return folder / f"{name}.crt", folder / f"{name}.key"


def _openssl(folder: Path, *arguments: str) -> None:
    command = ("openssl", *arguments)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
