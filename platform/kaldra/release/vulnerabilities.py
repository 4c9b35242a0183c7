"""Known vulnerabilities of what images hold, as the OSV service knows them.

Where the service cannot be asked the report says so: it is then no statement about the packages.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from kaldra import variables
from kaldra.release.contents import Contents, Package

SERVICE = "https://api.osv.dev"
AT_ONCE = 8
TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, order=True)
class Finding:
    """One known vulnerability of one package."""

    kind: str
    package: str
    version: str
    id: str
    aliases: tuple[str, ...]
    summary: str
    fixed: tuple[str, ...]
    """Versions without it; empty where there is none yet."""
    images: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What the service said of all images."""

    service: str
    complete: bool
    """Whether every package was asked about."""
    reason: str
    """Why not."""
    asked: int
    findings: tuple[Finding, ...]

    @property
    def ours(self) -> tuple[Finding, ...]:
        """Those of Python packages, which requirements.lock decides; the rest is the base's."""
        return tuple(found for found in self.findings if found.kind == "pypi")

    def document(self) -> str:
        """The report as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"

    def sentence(self) -> str:
        """The report in one line."""
        if not self.complete:
            return f"NOT CHECKED for known vulnerabilities: {self.reason}"
        base = len(self.findings) - len(self.ours)
        return (
            f"{len(self.ours)} known vulnerabilities in Python packages, {base} in the base image, "
            f"of {self.asked} packages"
        )


_Question = tuple[str, str, str, str]
"""Kind of a package; its ecosystem, name and version as the service has them."""


def report(images: Mapping[str, Contents]) -> Report:
    """Ask about every package that the service can know; never raises for the network."""
    # A mirror may stand in for the service.
    where = (variables.VULNERABILITIES_URL.value or SERVICE).rstrip("/")
    holders: dict[_Question, list[str]] = {}
    for image, contents in sorted(images.items()):
        for question in {_question(p, contents.distribution) for p in contents.packages}:
            if question:
                holders.setdefault(question, []).append(image)
    questions = sorted(holders)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # The first alone: an unreachable service is waited for once.
            answers = [_ask(where, question) for question in questions[:1]]
            answers += pool.map(partial(_ask, where), questions[1:])
    except (OSError, ValueError, KeyError) as error:
        reason = f"{where}: {type(error).__name__}: {getattr(error, 'reason', None) or error}"
        return Report(where, complete=False, reason=reason, asked=0, findings=())
    findings = sorted(
        _finding(question, told, tuple(holders[question]))
        for question, answer in zip(questions, answers, strict=True)
        for told in answer
    )
    return Report(where, complete=True, reason="", asked=len(questions), findings=tuple(findings))


def _question(package: Package, distribution: str) -> _Question | None:
    match package.kind:
        case "deb":
            return "deb", f"Debian:{distribution.partition('-')[2]}", *package.source
        case "pypi":
            return "pypi", "PyPI", package.name, package.version
        case _:
            return None


def _ask(where: str, question: _Question) -> list[dict[str, Any]]:
    _, ecosystem, name, version = question
    asked: dict[str, Any] = {"version": version, "package": {"ecosystem": ecosystem, "name": name}}
    found: list[dict[str, Any]] = []
    while True:
        request = urllib.request.Request(  # noqa: S310  an address of http or https
            f"{where}/v1/query", json.dumps(asked).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            said = json.load(answer)
        found += said.get("vulns", [])
        if not said.get("next_page_token"):
            return found
        asked["page_token"] = said["next_page_token"]


def _finding(question: _Question, told: Mapping[str, Any], images: tuple[str, ...]) -> Finding:
    kind, ecosystem, name, version = question
    fixed = {
        event["fixed"]
        for affected in told.get("affected", [])
        if affected.get("package", {}).get("ecosystem") == ecosystem
        for span in affected.get("ranges", [])
        if span.get("type") != "GIT"
        for event in span.get("events", [])
        if "fixed" in event
    }
    words = told.get("summary") or str(told.get("details", "")).strip().partition("\n")[0]
    return Finding(
        kind=kind,
        package=name,
        version=version,
        id=str(told["id"]),
        aliases=tuple(sorted({*told.get("aliases", []), *told.get("upstream", [])})),
        summary=words[:200],
        fixed=tuple(sorted(fixed)),
        images=images,
    )
