"""An authority of the tests' own, and the certificates it signs, made with openssl."""

import datetime as dt
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONFIGURATION = """\
[ca]
default_ca = own
[own]
dir = {folder}
database = $dir/index.txt
new_certs_dir = $dir
certificate = $dir/ca.crt
private_key = $dir/ca.key
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
copy_extensions = copy
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
authorityKeyIdentifier = keyid
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
"""
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Its files are in `folder`: `ca.crt`, and `<name>.crt` and `<name>.key` of what it signed."""

    folder: Path

    @classmethod
    def new(cls, folder: Path) -> "Authority":
        folder.mkdir()
        (folder / "index.txt").touch()
        (folder / "openssl.cnf").write_text(CONFIGURATION.format(folder=folder))
        own = cls(folder)
        own._openssl(
            "req", "-x509", "-subj", "/CN=Staging tests", "-days", "2", "-extensions", "root",
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
            "-keyout", f"{name}.key", "-out", f"{name}.csr", *KEY,
        )  # fmt: skip
        now = dt.datetime.now(dt.UTC)
        begin, end = (now - 2 * DAY, now - DAY) if expired else (now - DAY, now + DAY)
        self._openssl(
            "ca", "-batch", "-notext", "-in", f"{name}.csr", "-out", f"{name}.crt",
            "-startdate", f"{begin:%Y%m%d%H%M%SZ}", "-enddate", f"{end:%Y%m%d%H%M%SZ}",
        )  # fmt: skip
        (self.folder / f"{name}.key").chmod(0o644)
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def _openssl(self, command: str, *arguments: str) -> None:
        full = ("openssl", command, "-config", "openssl.cnf", *arguments)
        done = subprocess.run(
            full, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
