import json

import pytest

from kaldra.release import vulnerabilities
from tests.conftest import unused_port
from tests.fakes.servers import http_server
from tests.platform.release.images import CONTENTS

FAULT = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "summary": "It answers strangers",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "httpx2"},
            "ranges": [
                {"type": "GIT", "events": [{"fixed": "c0ffee"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.17"}]},
            ],
        }
    ],
}
BASE_FAULT = {"id": "DEBIAN-CVE-2026-2", "details": "Long words\nin lines", "affected": []}


@pytest.fixture
def service(monkeypatch):
    """An OSV service; what it was asked."""
    questions = []

    def answered(asked):
        questions.append(json.loads(asked.body))
        return 200, json.dumps(answer(questions[-1])).encode()

    with http_server(answered) as port:
        monkeypatch.setenv("KALDRA_VULNERABILITIES_URL", f"http://127.0.0.1:{port}/")
        yield questions


def answer(question: dict) -> dict:
    name = question["package"]["name"]
    if name == "openssl":  # in two pages
        page = question.get("page_token")
        return {"vulns": [BASE_FAULT]} if page else {"vulns": [], "next_page_token": "2"}
    return {"vulns": [FAULT]} if name == "httpx2" else {}


def test_every_known_fault_is_told_with_its_cure_and_its_images(service):
    report = vulnerabilities.report({"kaldra-api": CONTENTS, "kaldra-core": CONTENTS})
    assert report.complete
    assert report.asked == 4
    base, ours = report.findings
    assert (ours.package, ours.id, ours.fixed) == ("httpx2", "PYSEC-2026-1", ("2.17",))
    assert ours.images == ("kaldra-api", "kaldra-core")
    assert (base.package, base.summary, base.fixed) == ("openssl", "Long words", ())
    assert report.ours == (ours,)
    assert report.sentence().startswith("1 known vulnerabilities in Python packages, 1 in the base")
    # Debian's packages are known by their source and release.
    packages = {(each["package"]["ecosystem"], each["package"]["name"]) for each in service}
    assert {("Debian:12", "openssl"), ("PyPI", "httpx2")} <= packages
    assert not {name for _, name in packages} & {"libssl3", "python"}


def test_a_service_that_cannot_be_reached_is_no_clean_report(monkeypatch):
    address = f"http://127.0.0.1:{unused_port()}"
    monkeypatch.setenv("KALDRA_VULNERABILITIES_URL", address)
    report = vulnerabilities.report({"kaldra-api": CONTENTS})
    document = json.loads(report.document())
    assert not document["complete"]
    assert document["asked"] == 0
    assert address in document["reason"]
    assert report.sentence().startswith("NOT CHECKED")
