"""An authority of the tests' own, and the certificates it signs, made with openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Authority:
    """Its files are in `folder`: `ca.crt`, and `<name>.crt` and `<name>.key` of what it signed."""

    folder: Path

    @classmethod
    def new(cls, folder: Path) -> "Authority":
        folder.mkdir()
        own = cls(folder)
        own._openssl(
            "req", "-x509", "-subj", "/CN=Staging tests", "-days", "2",
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign",
            "-keyout", "ca.key", "-out", "ca.crt", *KEY,
        )  # fmt: skip
        return own

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.crt"

    def sign(self, name: str, alternative: str, *, expired: bool = False) -> tuple[Path, Path]:
        """Certificate and key of `DNS:host` or `IP:address`; an expired one ended yesterday."""
        self._openssl(
            "req", "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}",
            "-addext", "extendedKeyUsage=serverAuth,clientAuth",
            "-keyout", f"{name}.key", "-out", f"{name}.csr", *KEY,
        )  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", "-copy_extensions", "copy",
            "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "-1" if expired else "1",
        )  # fmt: skip
        (self.folder / f"{name}.key").chmod(0o644)
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def _openssl(self, *arguments: str) -> None:
        command = ("openssl", *arguments)
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
