"""Row 4: many large bodies at once, and bodies that never end."""

import asyncio
from collections import Counter

import pytest

from bench import attacks
from tests.attack.conftest import KEYS, others_served

pytestmark = pytest.mark.anyio


async def test_many_large_batches_stay_within_memory(port: int):
    body = attacks.large_batch()
    uploads = [
        attacks.request(attacks.BATCH, body, key=KEYS[name]) for name in ("attacker", "second")
    ]
    async with others_served(port):
        found = await asyncio.gather(
            *(attacks.ask(port, data, whole=False) for data in uploads for _ in range(10))
        )
    statuses = Counter(answer.status for answer in found)
    assert set(statuses) <= {200, 429, 503}
    assert statuses[200] >= 2


async def test_uploads_one_byte_short_stay_within_memory(port: int):
    uploads = {
        name: attacks.request(attacks.BATCH, attacks.large_batch(), key=KEYS[name])[:-1]
        for name in ("attacker", "second")
    }
    open_ = []
    try:
        async with others_served(port):
            for number in range(60):
                reader, writer = await attacks.connect(port)
                writer.write(uploads[("attacker", "second")[number % 2]])
                open_.append((reader, writer))
            await asyncio.sleep(3)
    finally:
        for _, writer in open_:
            writer.transport.abort()
