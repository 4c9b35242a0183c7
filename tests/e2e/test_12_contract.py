"""Bare, on Docker alone, on Kubernetes: the same requests get the same answers."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx2
import pytest

from contract.options import Options
from core.encoding import dumps
from core.kernel import Kernel
from tests.conftest import unused_port
from tests.e2e.clone import ANSWER_SECONDS, Clone, ask, eventually

TEXT = "The board fears the risk, yet the founders dare to rebuild the company."
SIGNAL = "/engine/kaldra/signal"
ORIGINAL_FIELDS = {
    *("archetype", "delta_state", "tw_regime", "kindra_distribution", "bias_score", "bias_label"),
    *("meta_modifiers", "confidence", "explanation", "narrative_risk"),
}


@contextmanager
def bare(clone: Clone) -> Iterator[int]:
    """`./kaldra serve`, told where to listen by a `.env`; the gateway's port."""
    port, core_port = unused_port(), unused_port()
    with clone.env_file(f"API_PORT={port}", f"CORE_PORT={core_port}"):
        process = clone.start("./kaldra", "serve")
        try:
            eventually(lambda: ask(port, "/status/core")[0] == HTTPStatus.OK, "serve answers")
            yield port
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
            assert ask(port, "/health")[0] == ask(core_port, "/health")[0] == 0
        finally:
            process.kill()


@contextmanager
def local(clone: Clone) -> Iterator[int]:
    clone.local.kaldra("up")
    yield clone.local_port
    clone.local.kaldra("down")


@contextmanager
def dev(clone: Clone) -> Iterator[int]:
    if not clone.settled:
        clone.up()
    yield clone.api_port


@pytest.fixture(scope="module", params=[bare, local, dev], ids=lambda target: target.__name__)
def gateway(request, clone) -> Iterator[httpx2.Client]:
    """Asks the gateway of each target in turn, with the key of the clone's stacks."""
    with (
        request.param(clone) as port,
        httpx2.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"X-API-Key": clone.key},
            timeout=ANSWER_SECONDS,
            trust_env=False,
        ) as client,
    ):
        yield client


def test_status(gateway):
    answer = gateway.get("/status/")
    assert answer.json() == {"status": "KALDRA API Gateway online", "version": "0.1.0"}
    assert gateway.get("/status/core").status_code == HTTPStatus.OK


def test_a_signal_is_the_kernel_s_byte_for_byte(gateway):
    options = {"language": "en", "context": {"country": "BR"}, "steps": 3, "explain": True}
    for text in (TEXT, "", "Coração \u2764 \U0001d50a \U0001f600 " * 50):
        expected = dumps(Kernel.load().signal(text, Options.model_validate(options)))
        assert gateway.post(SIGNAL, json={"text": text, "options": options}).content == expected
        assert json.loads(expected).keys() >= ORIGINAL_FIELDS


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("/engine/kaldra/window", "window", {"texts": [TEXT, "A crisis.", "Order returns."]}),
        ("/alpha/analyze", "alpha", {"text": TEXT, "ticker": "KLDR3", "quarter": "2026Q3"}),
        ("/geo/analyze", "geo", {"text": TEXT, "source": "news"}),
        ("/product/analyze", "product", {"text": TEXT, "channel": "review"}),
        ("/safeguard/evaluate", "safeguard", {"text": TEXT, "source": "chat"}),
    ],
)
def test_so_is_every_other_answer(gateway, path, method, body):
    expected = dumps(getattr(Kernel.load(), method)(**body))
    assert gateway.post(path, json=body).content == expected


def test_a_batch_answers_line_by_line(gateway):
    answer = gateway.post("/engine/kaldra/batch", json={"texts": [TEXT, ""]})
    expected = (dumps(Kernel.load().signal(text)) + b"\n" for text in (TEXT, ""))
    assert answer.content == b"".join(expected)


def test_a_refusal_has_the_envelope(gateway):
    answer = gateway.post(SIGNAL, json={"text": TEXT}, headers={"X-API-Key": "x" * 20})
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]


def test_the_page_has_the_names_of_all_states(gateway):
    assert gateway.get("/").headers["content-type"].startswith("text/html")
    assert len(gateway.get("/page/vocabulary").json()["states"]) == 144
