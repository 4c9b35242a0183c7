import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import get_args

import pytest
from prometheus_client import generate_latest
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Send

from contract.options import Options
from contract.signal import Signal
from contract.vocabulary import Kind
from core.encoding import dumps
from core.kernel import DEFAULT, Kernel
from core.service import create_app
from core.settings import Settings
from core.vocabulary.base import DataError

TEXT = "The board fears the risk, yet the founders dare to rebuild the company."


@pytest.fixture(scope="module")
def client(kernel) -> Iterator[TestClient]:
    with TestClient(create_app(Settings.load({}), kernel)) as client:
        yield client


def test_a_signal_is_the_kernels_byte_for_byte(client, kernel):
    options = {"language": "en", "steps": 3, "explain": True, "context": {"country": "BR"}}
    answer = client.post("/v1/signal", json={"text": TEXT, "options": options})
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == dumps(kernel.signal(TEXT, Options.model_validate(options)))


def test_the_versions_are_those_of_each_signal(client, kernel):
    about = client.get("/v1/about").json()
    signal = json.loads(dumps(kernel.signal(TEXT)))
    assert about == {key: signal[key] for key in ("version", "data_version")}


def test_a_batch_streams_one_signal_per_line_in_order(client, kernel):
    texts = [TEXT, "", "Paz e esperança.", TEXT] * 10
    answer = client.post("/v1/batch", json={"texts": texts})
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.content.splitlines() == [dumps(kernel.signal(text)) for text in texts]


def test_the_first_lines_of_a_batch_are_sent_before_the_last_are_made(kernel):
    made = 0
    seen: list[int] = []

    class Counting(Kernel):
        def batch(self, texts: Sequence[str], options: Options = DEFAULT) -> Iterator[Signal]:
            nonlocal made
            for signal in kernel.batch(texts, options):
                made += 1
                yield signal

    async def noting(message: Message) -> None:
        if message.get("body"):
            seen.append(made)

    body = json.dumps({"texts": [TEXT] * 200}).encode()
    app = create_app(Settings.load({}), Counting.load())
    asyncio.run(_post(app, "/v1/batch", body, noting))
    assert len(seen) > 10
    assert seen[0] < 64
    assert seen[-1] == 200


async def _post(app: ASGIApp, path: str, body: bytes, send: Send) -> None:
    """POST with nothing between the application and `send` that could hold parts back."""
    parts = iter([{"type": "http.request", "body": body}])

    async def receive() -> Message:
        for part in parts:
            return part
        await asyncio.Event().wait()
        raise AssertionError

    headers = [
        (b"host", b"core"),
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    more = {"http_version": "1.1", "query_string": b"", "scheme": "http", "server": ("core", 9000)}
    await app({**scope, **more, "client": ("127.0.0.1", 1), "root_path": ""}, receive, send)


def test_a_window(client, kernel):
    texts = [TEXT, "The alliance is in crisis.", "Order returns."]
    answer = client.post("/v1/window", json={"texts": texts})
    assert answer.content == dumps(kernel.window(texts))


@pytest.mark.parametrize(
    ("app", "facts"),
    [
        ("alpha", {"ticker": "KLDR3", "quarter": "2026Q3"}),
        ("geo", {"region": "Atlantic", "source": "news"}),
        ("product", {"product_id": "kettle-2", "category": "kitchen", "channel": "review"}),
        ("safeguard", {"source": "chat"}),
    ],
)
def test_an_application_gets_its_facts(client, kernel, app, facts):
    answer = client.post(f"/v1/apps/{app}", json={"text": TEXT, **facts})
    assert answer.content == dumps(getattr(kernel, app)(TEXT, **facts))


@pytest.mark.parametrize("language", ["en", "pt"])
def test_the_vocabulary(client, kernel, language):
    for kind in get_args(Kind):
        answer = client.get(f"/v1/vocabulary/{kind}", params={"language": language})
        assert answer.content == dumps(kernel.vocabulary(kind, language))


def test_a_broken_vocabulary_stops_the_start(tmp_path):
    (tmp_path / "archetypes.json").write_text("{")
    with pytest.raises(DataError, match=r"^\S+\.json: "):
        Kernel.load(tmp_path)


def test_metrics_tell_service_and_queue(kernel):
    core = create_app(Settings.load({}), kernel)
    TestClient(core).post("/v1/signal", json={"text": TEXT})
    text = generate_latest(core.metrics.registry).decode()
    assert 'route="/v1/signal",status="200"' in text
    assert 'kaldra_build_info{service="kaldra-core"' in text
    assert "kaldra_places 128.0" in text
    assert "kaldra_queue_length 0.0" in text
