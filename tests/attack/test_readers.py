"""Rows 3 and 14: clients who do not read, and more clients than can be served."""

import asyncio
from collections import Counter

import pytest

from bench import attacks
from tests.attack.conftest import KEYS, others_served

pytestmark = pytest.mark.anyio

CLIENTS = 64
CROWD = 300
GIVEN_UP_SECONDS = 120


async def test_clients_who_do_not_read_hold_nothing_of_others(port: int):
    data = attacks.request(attacks.BATCH, attacks.many_texts(), key=KEYS["attacker"])
    own = attacks.request("/engine/vocabulary/states", key=KEYS["attacker"])
    open_ = [await attacks.connect(port, receive_buffer=4096) for _ in range(CLIENTS)]
    try:
        for _, writer in open_:
            writer.write(data)
        async with others_served(port), asyncio.timeout(GIVEN_UP_SECONDS):
            while (await attacks.ask(port, own)).status != 429:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            while (await attacks.ask(port, own)).status == 429:  # noqa: ASYNC110
                await asyncio.sleep(1)
    finally:
        for _, writer in open_:
            writer.transport.abort()


async def test_a_crowd_is_served_or_refused_at_once(port: int):
    data = attacks.request(attacks.SIGNAL, attacks.CHEAP, key=KEYS["attacker"])
    async with others_served(port):
        found = await asyncio.gather(*(attacks.ask(port, data) for _ in range(CROWD)))
    statuses = Counter(answer.status for answer in found)
    assert set(statuses) <= {200, 429, 503}
    assert statuses[200]
    refused = [answer for answer in found if answer.status != 200]
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
