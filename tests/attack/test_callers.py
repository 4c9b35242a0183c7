"""Rows 8 and 15: who a caller is, and what the small print of HTTP allows."""

import asyncio
import json

import httpx2
import pytest

from bench import attacks
from tests.attack.conftest import KEYS
from tests.conftest import unused_port
from tests.processes import Service, gateway

pytestmark = pytest.mark.anyio

VOCABULARY = "/engine/vocabulary/states"
KEY = {"x-api-key": KEYS["attacker"]}


def client_of(port: int, **headers: str) -> httpx2.Client:
    return httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60)


def from_addresses(port: int, count: int) -> list[int]:
    """Statuses of signals that each name another address."""
    with client_of(port) as client:
        return [
            client.post(
                attacks.SIGNAL, json=attacks.CHEAP, headers={"x-forwarded-for": f"10.0.0.{n}"}
            ).status_code
            for n in range(count)
        ]


def test_a_forged_address_does_not_lead_around_the_limit(core: Service):
    with gateway(core.url, KALDRA_RATE_LIMIT="3") as api:
        assert from_addresses(api.port, 5) == [200, 200, 200, 429, 429]


def test_a_trusted_proxy_names_the_address(core: Service):
    trusted = {"KALDRA_RATE_LIMIT": "1", "KALDRA_TRUSTED_PROXIES": "127.0.0.1"}
    with gateway(core.url, **trusted) as api:
        assert from_addresses(api.port, 3) == [200, 200, 200]


async def test_what_is_no_http_is_answered_with_the_envelope(port: int):
    answer = await attacks.ask(port, b"NONSENSE\r\n\r\n")
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("at_once", [True, False])
async def test_who_offers_another_protocol_is_answered_in_this_one(port: int, *, at_once: bool):
    offer = (
        b"HTTP/1.1\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n"
    )
    data = attacks.request(attacks.SIGNAL, attacks.CHEAP, key=KEYS["attacker"])
    head, end, body = data.replace(b"HTTP/1.1\r\n", offer).partition(b"\r\n\r\n")
    reader, writer = await attacks.connect(port)
    for part in (head + end + body + data,) if at_once else (head, end, body, data):
        writer.write(part)
        await asyncio.sleep(0.05)
    assert [(await attacks.answer(reader)).status for _ in range(2)] == [200, 200]
    writer.transport.abort()


async def test_who_waits_to_be_told_to_continue_is_told(port: int):
    data = attacks.request(attacks.SIGNAL, attacks.CHEAP, key=KEYS["attacker"])
    head, end, body = data.partition(b"\r\n\r\n")
    reader, writer = await attacks.connect(port)
    writer.write(head + b"\r\nexpect: 100-continue" + end)
    assert await reader.readuntil(end) == b"HTTP/1.1 100 Continue" + end
    writer.write(body)
    assert (await attacks.answer(reader)).status == 200
    writer.transport.abort()


async def test_a_tunnel_is_refused(port: int):
    data = b"CONNECT /status/ HTTP/1.1\r\nhost: localhost\r\n\r\n"
    assert (await attacks.ask(port, data)).headers["connection"] == "close"


def test_the_vocabulary_is_cached_and_compressed_and_has_heads(port: int):
    with client_of(port, **KEY) as client:
        plain = client.get(VOCABULARY, headers={"accept-encoding": "identity"})
        packed = client.get(VOCABULARY, headers={"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.content
        assert int(packed.headers["content-length"]) < len(plain.content) / 4
        assert plain.headers["cache-control"] == "private, max-age=300"
        known = {"if-none-match": plain.headers["etag"]}
        assert client.get(VOCABULARY, headers=known).status_code == 304
        headed = client.head(VOCABULARY, headers={"accept-encoding": "identity"})
        assert headed.headers["content-length"] == str(len(plain.content))
        batch = client.post(attacks.BATCH, json={"texts": ["x"]})
        assert "content-encoding" not in batch.headers


def test_metrics_have_a_port_of_their_own(core: Service):
    port = unused_port()
    with gateway(core.url, API_METRICS_PORT=str(port)) as api:
        with client_of(api.port) as client:
            assert client.get("/metrics").status_code == 404
        with client_of(port) as client:
            text = client.get("/metrics").text
    assert "kaldra_requests_admitted 0.0" in text
    assert "kaldra_http_connections " in text
