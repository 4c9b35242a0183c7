"""What a bystander notices of attacks: `python -m bench.under_attack` prints a table.

For each attack the 99th percentile of a cheap signal, before and during it, and the slowest of
/health.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import attacks, load
from bench.gateway import free_port, running, wait_for

SECONDS = 6.0
PAUSE = 0.05
KEYS = {name: f"{name}-key-0123456789" for name in ("attacker", "bystander")}

Attack = Callable[[int], Coroutine[Any, Any, None]]


def main() -> None:
    """Run every attack against the same two processes."""
    with ExitStack() as stack:
        keys = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, key in KEYS.items():
            (keys / name).write_text(key)
        core, api = free_port(), free_port()
        stack.enter_context(running("-m", "core", CORE_PORT=str(core)))
        environment = {
            "API_PORT": str(api),
            "CORE_SERVICE_URL": f"http://127.0.0.1:{core}",
            "KALDRA_API_KEYS_DIR": str(keys),
            "KALDRA_RATE_LIMIT": "0",
            "KALDRA_TEXT_LIMIT": "0",
            "KALDRA_ENV_FILE": os.devnull,
        }
        stack.enter_context(running("-m", "app", **environment))
        for port in (core, api):
            wait_for(port)
        print("attack: p99 of a cheap signal alone -> attacked (wanted <= 5 x), slowest /health")
        chosen = sys.argv[1:]
        for attack in (marks, fields, unread, batches, uploads, heads, sections, explanations):
            if not chosen or attack.__name__ in chosen:
                asyncio.run(measure(attack, api))


async def measure(attack: Attack, port: int) -> None:
    """Print one row of the table."""
    async with attacks.bystander(port, KEYS["bystander"], PAUSE) as before:
        await asyncio.sleep(SECONDS)
    task = asyncio.create_task(attack(port))
    await asyncio.sleep(0.5)
    async with attacks.bystander(port, KEYS["bystander"], PAUSE) as during:
        await asyncio.sleep(SECONDS)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    failed = sum(status != 200 for status, _ in during.signals + during.healths)
    alone, attacked = (
        load.percentile([seconds for _, seconds in seen.signals], 0.99) for seen in (before, during)
    )
    health = load.percentile([seconds for _, seconds in during.healths], 1.0)
    print(
        f"{attack.__name__}: {alone:.0f} -> {attacked:.0f} ms ({attacked / alone:.1f} x), "
        f"/health {health:.0f} ms, {failed} failed of {len(during.signals)}",
        flush=True,
    )


def _request(path: str, body: object) -> bytes:
    return attacks.request(path, body, key=KEYS["attacker"])


async def _again(port: int, data: bytes, clients: int) -> None:
    async def one() -> None:
        while True:
            if (await attacks.ask(port, data)).status != 200:
                await asyncio.sleep(1)

    await asyncio.gather(*(one() for _ in range(clients)))


async def _held(port: int, data: bytes, clients: int) -> None:
    open_ = [await attacks.connect(port, receive_buffer=4096) for _ in range(clients)]
    try:
        for _, writer in open_:
            writer.write(data)
        await asyncio.Event().wait()
    finally:
        for _, writer in open_:
            writer.transport.abort()


async def marks(port: int) -> None:
    """Texts that normalisation sorts."""
    await _again(port, _request(attacks.BATCH, {"texts": [attacks.marked_text()] * 3}), 2)


async def fields(port: int) -> None:
    """Bodies of unknown fields."""
    await _again(port, _request(attacks.BATCH, attacks.many_fields()), 2)


async def unread(port: int) -> None:
    """Batches that nobody reads."""
    await _held(port, _request(attacks.BATCH, attacks.many_texts()), 64)


async def batches(port: int) -> None:
    """The largest batches."""
    await _again(port, _request(attacks.BATCH, attacks.large_batch()), 20)


async def uploads(port: int) -> None:
    """Bodies one byte short."""
    await _held(port, _request(attacks.BATCH, attacks.large_batch())[:-1], 60)


async def heads(port: int) -> None:
    """Heads without end."""
    await _held(port, b"GET /status/ HTTP/1.1\r\nx: " + b"y" * (20 << 20), 20)


async def sections(port: int) -> None:
    """Earnings calls of as many paragraphs as fit."""
    await _again(port, _request(attacks.ALPHA, attacks.many_sections()), 2)


async def explanations(port: int) -> None:
    """The longest texts, explained."""
    text = (attacks.CHEAP["text"] + " ") * 680
    body = {"text": text, "options": {"explain": True}}
    await _again(port, _request(attacks.SIGNAL, body), 32)


if __name__ == "__main__":
    main()
