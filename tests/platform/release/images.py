"""File systems as `docker export` gives them."""

from kaldra.release.contents import Contents, Package

STATUS = """\
Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 3.0.22-1

Package: libpython3-stdlib
Status: install ok installed
Architecture: amd64
Source: python3-defaults (3.11.2-1)
Version: 3.11.2-1+b1

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
FILES = {
    "usr/lib/os-release": 'PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n',
    "var/lib/dpkg/status": STATUS,
    "opt/site/httpx2-2.16.2.dist-info/METADATA": (
        "Name: httpx2\nVersion: 2.16.2\nLicense-Expression: BSD-3-Clause\n\nName: no\n"
    ),
    "usr/lib/python3/dist-packages/Some_Thing.egg-info": (
        "Name: Some_Thing\nVersion: 1\nLicense: As you like it\n and more\n"
    ),
    "srv/app/METADATA": "Name: not a package\nVersion: 0\n",
}
LIBSSL = Package("deb", "libssl3", "3.0.22-1", "", "amd64", ("openssl", "3.0.22-1"))
STDLIB = Package(
    "deb", "libpython3-stdlib", "3.11.2-1+b1", "", "amd64", ("python3-defaults", "3.11.2-1")
)
HTTPX = Package("pypi", "httpx2", "2.16.2", "BSD-3-Clause")
THING = Package("pypi", "some-thing", "1", "As you like it")
CONTENTS = Contents(
    image_id="sha256:" + "1" * 64,
    layers=("sha256:" + "2" * 64, "sha256:" + "3" * 64),
    architecture="amd64",
    distribution="debian-12",
    packages=(STDLIB, LIBSSL, Package("generic", "python", "3.11.16", "PSF-2.0"), HTTPX, THING),
)
