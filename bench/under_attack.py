"""What a bystander notices of attacks: `python -m bench.under_attack [PORT] [ATTACK …]`.

Prints for each attack the median and the 99th percentile of a cheap signal, before and during it,
and the slowest of /health. The attacker is a process of its own, which yields the processor to the
others. With a port, the gateway that listens there is attacked: it must have no rate limits, and
the keys `attacker-key-0123456789` and `bystander-key-0123456789` for callers of these names.
"""

import asyncio
import multiprocessing
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from bench import attacks, load
from bench.gateway import free_port, running, wait_for

SECONDS = 20.0
PAUSE = 0.02
"""Of a measurement, and between two requests: with some 600 of them p99 is not the maximum."""
START_SECONDS = 2.0
"""Within which an attack has begun."""

KEYS = {name: f"{name}-key-0123456789" for name in ("attacker", "bystander")}

Attack = Callable[[int], Coroutine[Any, Any, None]]


def main() -> None:
    """Run every attack against the same two processes, or against what listens on a port."""
    ports = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    chosen = [argument for argument in sys.argv[1:] if not argument.isdigit()]
    print("attack: a cheap signal alone -> attacked (wanted <= 5 x), slowest /health (<= 250 ms)")
    with nullcontext(ports[0]) if ports else _services() as api:
        for attack in ATTACKS:
            if not chosen or attack.__name__ in chosen:
                asyncio.run(measure(attack, api))


@contextmanager
def _services() -> Iterator[int]:
    """Core and gateway as processes; yields the gateway's port."""
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
        yield api


async def measure(attack: Attack, port: int) -> None:
    """Print one row of the table."""
    async with attacks.bystander(port, KEYS["bystander"], PAUSE) as before:
        await asyncio.sleep(SECONDS)
    async with attacked(attack, port) as during:
        await asyncio.sleep(SECONDS)
    failed = sum(status != 200 for status, _ in during.signals + during.healths)
    shares = []
    for share in (0.5, 0.99):
        alone, beside = (
            load.percentile([seconds for _, seconds in seen.signals], share)
            for seen in (before, during)
        )
        shares.append(f"p{share * 100:.0f} {alone:.0f} -> {beside:.0f} ms ({beside / alone:.1f} x)")
    health = load.percentile([seconds for _, seconds in during.healths], 1.0)
    print(
        f"{attack.__name__}: {', '.join(shares)}, /health {health:.0f} ms, "
        f"{failed} failed of {len(during.signals)}",
        flush=True,
    )


@asynccontextmanager
async def attacked(attack: Attack, port: int) -> AsyncIterator[attacks.Seen]:
    """What a bystander sees of the gateway at `port` while the context lasts."""
    attacker = multiprocessing.get_context("spawn").Process(target=_run, args=(attack, port))
    attacker.start()
    try:
        await asyncio.sleep(START_SECONDS)
        async with attacks.bystander(port, KEYS["bystander"], PAUSE) as seen:
            yield seen
        assert attacker.is_alive()  # noqa: S101
    finally:
        attacker.kill()
        attacker.join()


def _run(attack: Attack, port: int) -> None:
    os.nice(19)
    # Linux weighs niceness within a session, and sessions and containers alike: this one yields.
    os.setsid()
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("19", encoding="ascii")
    asyncio.run(attack(port))


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
    await _again(port, _request(attacks.SIGNAL, attacks.long_explanation()), 32)


ATTACKS: tuple[Attack, ...] = (
    marks,
    fields,
    unread,
    batches,
    uploads,
    heads,
    sections,
    explanations,
)

if __name__ == "__main__":
    main()
