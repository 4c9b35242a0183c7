"""What the deployed gateway answers is what the kernel says, byte for byte."""

import http.client
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from contract.options import Options
from core.encoding import dumps
from core.kernel import Kernel
from tests.e2e.clone import ANSWER_SECONDS, Clone

GOLDEN = Path(__file__).parents[1] / "core" / "golden" / "texts.json"
TEXTS = [text["text"] for text in json.loads(GOLDEN.read_text(encoding="utf-8"))]
ORIGINAL_FIELDS = {
    *("archetype", "delta_state", "tw_regime", "kindra_distribution", "bias_score", "bias_label"),
    *("meta_modifiers", "confidence", "explanation", "narrative_risk"),
}
SIGNAL = "/engine/kaldra/signal"
PLAIN = Options()


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return Kernel.load()


def post(clone: Clone, path: str, body: dict[str, Any], key: str | None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", clone.api_port, timeout=ANSWER_SECONDS)
    headers = {"Content-Type": "application/json", **({"X-API-Key": key} if key else {})}
    try:
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_signal_has_the_kernels_bytes(platform: Clone, kernel: Kernel):
    for text in (TEXTS[0], TEXTS[-1], "", "Coração \u2764 \U0001d50a \U0001f600 " * 50):
        status, content = post(platform, SIGNAL, {"text": text}, platform.key)
        assert status == HTTPStatus.OK
        assert content == dumps(kernel.signal(text))
        assert json.loads(content).keys() >= ORIGINAL_FIELDS


def test_options_go_all_the_way(platform: Clone, kernel: Kernel):
    options = {"language": "en", "context": {"country": "BR"}, "steps": 3, "explain": True}
    body = {"text": TEXTS[0], "options": options}
    status, content = post(platform, SIGNAL, body, platform.key)
    assert status == HTTPStatus.OK
    assert content == dumps(kernel.signal(TEXTS[0], Options.model_validate(options)))


def test_a_batch_has_the_kernels_lines(platform: Clone, kernel: Kernel):
    status, content = post(platform, "/engine/kaldra/batch", {"texts": TEXTS}, platform.key)
    assert status == HTTPStatus.OK
    assert content == b"".join(dumps(signal) + b"\n" for signal in kernel.batch(TEXTS))


def test_a_window_and_the_applications_have_the_kernels_bytes(platform: Clone, kernel: Kernel):
    text = TEXTS[0]
    asked = [
        ("/engine/kaldra/window", {"texts": TEXTS}, kernel.window(TEXTS)),
        (
            "/alpha/analyze",
            {"text": text, "ticker": "KLDR3", "quarter": "2026Q3"},
            kernel.alpha(text, PLAIN, ticker="KLDR3", quarter="2026Q3"),
        ),
        (
            "/geo/analyze",
            {"text": text, "source": "news"},
            kernel.geo(text, PLAIN, source="news"),
        ),
        (
            "/product/analyze",
            {"text": text, "channel": "review"},
            kernel.product(text, PLAIN, channel="review"),
        ),
        (
            "/safeguard/evaluate",
            {"text": text, "source": "chat"},
            kernel.safeguard(text, PLAIN, source="chat"),
        ),
    ]
    for path, body, expected in asked:
        assert post(platform, path, body, platform.key) == (HTTPStatus.OK, dumps(expected)), path


@pytest.mark.parametrize("key", [None, "not-the-key-of-this-stack"])
@pytest.mark.parametrize("path", [SIGNAL, "/engine/kaldra/batch", "/safeguard/evaluate"])
def test_nothing_is_read_without_the_key_of_the_stack(platform: Clone, path: str, key: str | None):
    status, content = post(platform, path, {"text": TEXTS[0]}, key)
    assert status == HTTPStatus.UNAUTHORIZED
    assert json.loads(content)["error"]["code"] == "unauthorized"
