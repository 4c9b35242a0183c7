"""Bare, on Docker alone, on Kubernetes: the same requests get the same answers."""

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection

import pytest

from contract.options import Options
from contract.vocabulary import Kind
from core.encoding import dumps
from core.kernel import Kernel
from tests.conftest import unused_port
from tests.e2e.clone import LOCAL_STACK, Clone, ask, eventually

TEXT = "The board fears the risk, yet the founders dare to rebuild the company."
TARGETS = ("bare", "local", "dev")
SIGNAL = "/engine/kaldra/signal"
ORIGINAL_FIELDS = {
    *("archetype", "delta_state", "tw_regime", "kindra_distribution", "bias_score", "bias_label"),
    *("meta_modifiers", "confidence", "explanation", "narrative_risk"),
}


@dataclass
class Gateway:
    """A gateway that serves, wherever."""

    port: int
    key: str

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        content = body if isinstance(body, str) else json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, content if body is not None else None, sent)
            answer = connection.getresponse()
            got = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, answer.read(), got
        finally:
            connection.close()

    def as_caller(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        status, content, _ = self.ask(method, path, body, X_API_Key=self.key)
        return status, content

    def refusal(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, str]:
        """Status and code of an answer that has to be the error envelope."""
        status, content, got = self.ask(method, path, body, **headers)
        error = json.loads(content)["error"]
        assert error.keys() == {"code", "message", "details", "request_id"}
        assert error["request_id"] == got["x-request-id"]
        return status, error["code"]


@pytest.fixture(scope="module", params=TARGETS)
def gateway(request: pytest.FixtureRequest, clone: Clone) -> Iterator[Gateway]:
    """The gateway of each target in turn."""
    if request.param == "dev":
        if not clone.settled:
            clone.up()
        yield Gateway(clone.api_port, clone.key)
    elif request.param == "local":
        clone.kaldra("up", stack=LOCAL_STACK)
        yield Gateway(clone.local_port, clone.key)
        clone.kaldra("down", stack=LOCAL_STACK)
    else:
        yield from bare(clone)


def bare(clone: Clone) -> Iterator[Gateway]:
    """`./kaldra serve`, told where to listen by a `.env`."""
    port, core_port = unused_port(), unused_port()
    env = clone.root / ".env"
    env.write_text(f"API_PORT={port}\nCORE_PORT={core_port}\n")
    process = clone.start("./kaldra", "serve")
    try:
        eventually(lambda: ask(port, "/status/core")[0] == HTTPStatus.OK, "serve answers")
        yield Gateway(port, clone.key)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert ask(port, "/health")[0] == ask(core_port, "/health")[0] == 0
    finally:
        env.unlink()
        process.kill()


def test_status(gateway: Gateway):
    status, body, _ = gateway.ask("GET", "/status/")
    assert status == HTTPStatus.OK
    assert json.loads(body) == {"status": "KALDRA API Gateway online", "version": "0.1.0"}
    assert gateway.ask("GET", "/status/core")[0] == HTTPStatus.OK


def test_a_signal_is_the_kernel_s_byte_for_byte(gateway: Gateway):
    options = {"language": "en", "context": {"country": "BR"}, "steps": 3, "explain": True}
    for text in (TEXT, "", "Coração \u2764 \U0001d50a \U0001f600 " * 50):
        expected = dumps(Kernel.load().signal(text, Options.model_validate(options)))
        asked = gateway.as_caller("POST", SIGNAL, {"text": text, "options": options})
        assert asked == (HTTPStatus.OK, expected)
        assert json.loads(expected).keys() >= ORIGINAL_FIELDS


@pytest.mark.parametrize(
    ("path", "method", "facts"),
    [
        ("/alpha/analyze", "alpha", {"ticker": "KLDR3", "quarter": "2026Q3"}),
        ("/geo/analyze", "geo", {"source": "news"}),
        ("/product/analyze", "product", {"channel": "review"}),
        ("/safeguard/evaluate", "safeguard", {"source": "chat"}),
    ],
)
def test_so_is_the_answer_of_an_application(
    gateway: Gateway, path: str, method: str, facts: dict[str, str]
):
    expected = dumps(getattr(Kernel.load(), method)(TEXT, **facts))
    asked = gateway.as_caller("POST", path, {"text": TEXT, **facts})
    assert asked == (HTTPStatus.OK, expected)


def test_so_is_that_of_a_window(gateway: Gateway):
    texts = [TEXT, "The alliance is in crisis.", "Order returns."]
    asked = gateway.as_caller("POST", "/engine/kaldra/window", {"texts": texts})
    assert asked == (HTTPStatus.OK, dumps(Kernel.load().window(texts)))


def test_a_batch_answers_line_by_line(gateway: Gateway):
    status, body = gateway.as_caller("POST", "/engine/kaldra/batch", {"texts": [TEXT, ""]})
    assert status == HTTPStatus.OK
    assert body == b"".join(dumps(Kernel.load().signal(text)) + b"\n" for text in (TEXT, ""))


@pytest.mark.parametrize("kind", ["archetypes", "states", "kindras"])
def test_the_vocabulary(gateway: Gateway, kind: Kind):
    asked = gateway.as_caller("GET", f"/engine/vocabulary/{kind}?language=pt")
    assert asked == (HTTPStatus.OK, dumps(Kernel.load().vocabulary(kind, "pt")))


def test_refusals_have_one_envelope(gateway: Gateway):
    key = {"X_API_Key": gateway.key}
    told = {
        "no key": gateway.refusal("POST", SIGNAL, {"text": TEXT}),
        "wrong key": gateway.refusal("POST", SIGNAL, {"text": TEXT}, X_API_Key="x" * 20),
        "no text": gateway.refusal("POST", SIGNAL, {}, **key),
        "no json": gateway.refusal("POST", SIGNAL, "{", **key),
        "no path": gateway.refusal("GET", "/nowhere"),
        "no method": gateway.refusal("DELETE", "/status/"),
    }
    assert {what: status for what, (status, _) in told.items()} == {
        "no key": 401,
        "wrong key": 401,
        "no text": 422,
        "no json": 400,
        "no path": 404,
        "no method": 405,
    }
    assert told["no json"][1] == "bad_json"


def test_the_page_has_the_names_of_all_states(gateway: Gateway):
    status, _, headers = gateway.ask("GET", "/")
    assert status == HTTPStatus.OK
    assert headers["content-type"].startswith("text/html")
    status, body, _ = gateway.ask("GET", "/page/vocabulary")
    assert status == HTTPStatus.OK
    assert len(json.loads(body)["states"]) == 144
