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
    options = {"language": "en", "explain": True}
    expected = dumps(Kernel.load().signal(TEXT, Options.model_validate(options)))
    asked = gateway.as_caller("POST", SIGNAL, {"text": TEXT, "options": options})
    assert asked == (HTTPStatus.OK, expected)


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
