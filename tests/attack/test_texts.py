"""Rows 1, 2 and 6: one request that is dear by what it says."""

import asyncio

import pytest

from bench import attacks
from tests.attack.conftest import KEYS, others_served

pytestmark = pytest.mark.anyio

KEY = KEYS["attacker"]


async def test_marks_that_normalisation_must_sort(port: int):
    text = attacks.marked_text()
    async with others_served(port):
        found = await asyncio.gather(
            attacks.ask(port, attacks.request(attacks.SIGNAL, {"text": text}, key=KEY)),
            attacks.ask(port, attacks.request(attacks.BATCH, {"texts": [text] * 3}, key=KEY)),
        )
        await asyncio.sleep(0.5)
    assert [answer.status for answer in found] == [200, 200]


async def test_hundreds_of_thousands_of_unknown_fields(port: int):
    data = attacks.request(attacks.BATCH, attacks.many_fields(), key=KEY)
    async with others_served(port):
        found = [await attacks.ask(port, data) for _ in range(3)]
        await asyncio.sleep(0.5)
    assert [answer.status for answer in found] == [422] * 3
    assert max(len(answer.body) for answer in found) < 10_000


async def test_cheap_work_is_served_beside_dear_work(port: int):
    dear = [
        attacks.request(attacks.ALPHA, attacks.many_sections(), key=KEY),
        attacks.request("/engine/kaldra/window", attacks.large_batch(1_000_000), key=KEY),
    ]
    async with others_served(port, pause=0) as seen:
        await asyncio.sleep(0.5)
        served: list[int] = []

        async def one(data: bytes) -> int:
            before = len(seen.signals)
            status = (await attacks.ask(port, data)).status
            served.append(len(seen.signals) - before)
            return status

        statuses = await asyncio.gather(*(one(data) for data in dear))
    assert set(statuses) <= {200, 504}
    assert max(served) > 10


async def test_many_long_explanations_at_once(port: int):
    data = attacks.request(attacks.SIGNAL, attacks.long_explanation(), key=KEY)
    async with others_served(port):
        found = await asyncio.gather(*(attacks.ask(port, data) for _ in range(32)))
    assert {answer.status for answer in found} == {200}
