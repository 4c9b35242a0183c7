"""What the gateway costs: `python -m bench.gateway` prints ratios and overheads.

Both sides of each comparison run at the same time on the same machine and are asked in short
turns, so that what else the machine does meets both alike.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import load

REPO = Path(__file__).resolve().parents[1]
ROUNDS = 9
ROUND_SECONDS = 1.0
CROWD_ROUNDS = 3
CROWD_SECONDS = 5.0
CONNECTIONS = 32
TEXT = "The board fears the risk, yet the founders dare to rebuild the company. " * 23
"""About 300 words."""


def main() -> None:
    """Print every figure."""
    with ExitStack() as servers:
        core, api, traced, bare = (free_port() for _ in range(4))
        url = f"http://127.0.0.1:{core}"
        gateway = {"CORE_SERVICE_URL": url, "KALDRA_AUTH": "off", "KALDRA_RATE_LIMIT": "0"}
        servers.enter_context(running("-m", "core", CORE_PORT=str(core)))
        servers.enter_context(running("-m", "app", API_PORT=str(api), **gateway))
        spans = {"API_PORT": str(traced), "KALDRA_LOG_SPANS": "on"}
        servers.enter_context(running("-m", "app", **spans, **gateway))
        servers.enter_context(running("bench/bare.py", str(bare)))
        for port in (core, api, traced, bare):
            wait_for(port)
        compare_status(api, traced, bare)
        compare_signal(api, core)
        compare_crowds(api)


def compare_status(api: int, traced: int, bare: int) -> None:
    """Requests per second of GET /status/ against FastAPI alone, without and with spans."""
    request = load.request_bytes("GET", "/status/")
    rates: dict[int, list[float]] = {api: [], traced: [], bare: []}
    for _ in range(ROUNDS):
        for port, seen in rates.items():
            run = load.saturate(port, request, connections=CONNECTIONS, seconds=ROUND_SECONDS)
            seen.append(run.per_second)
    theirs = statistics.median(rates[bare])
    for name, port, wanted in (("", api, "0.90"), (" with spans logged", traced, "0.75")):
        ours = statistics.median(rates[port])
        print(
            f"GET /status/{name}: {ours:.0f}/s, FastAPI alone {theirs:.0f}/s, "
            f"ratio {ours / theirs:.2f} (wanted >= {wanted})"
        )


def compare_signal(api: int, core: int) -> None:
    """Latency of POST /engine/kaldra/signal over the core's own, at half of what it can do."""
    body = json.dumps({"text": TEXT}).encode()
    asked = {
        api: load.request_bytes("POST", "/engine/kaldra/signal", body),
        core: load.request_bytes("POST", "/v1/signal", body),
    }
    most = load.saturate(api, asked[api], connections=4, seconds=3).per_second
    runs: dict[int, list[load.Result]] = {api: [], core: []}
    for _ in range(ROUNDS):
        for port, seen in runs.items():
            run = load.at_rate(
                port, asked[port], rate=most / 2, connections=16, seconds=ROUND_SECONDS * 2
            )
            seen.append(run)
    for share, wanted in ((0.5, 2), (0.99, 8)):
        ours, theirs = (statistics.median(r.percentile(share) for r in runs[p]) for p in runs)
        print(
            f"POST /engine/kaldra/signal at {most / 2:.0f}/s: p{share * 100:.0f} {ours:.2f} ms, "
            f"core alone {theirs:.2f} ms, overhead {ours - theirs:.2f} ms (wanted <= {wanted})"
        )


def compare_crowds(api: int) -> None:
    """Signals per second by number of connections; refused clients honour Retry-After."""
    request = load.request_bytes(
        "POST", "/engine/kaldra/signal", json.dumps({"text": TEXT}).encode()
    )
    runs: dict[int, list[load.Result]] = {10: [], 100: [], 500: []}
    for _ in range(CROWD_ROUNDS):
        for connections, seen in runs.items():
            seen.append(load.saturate(api, request, connections=connections, seconds=CROWD_SECONDS))
    rates = {n: statistics.median(run.per_second for run in seen) for n, seen in runs.items()}
    for connections, seen in runs.items():
        refused = sum(len(run.refusals) for run in seen)
        within = [f"{load.percentile(run.refusals, 0.99):.0f}" for run in seen]
        print(
            f"{connections} connections: {rates[connections]:.0f} signals/s, {refused} refused, "
            f"99 % of them within {', '.join(within)} ms in turn (wanted <= 100)"
        )
    print(f"at 500 of that at 100: {rates[500] / rates[100]:.2f} (wanted >= 0.9)")


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[None]:
    """A server as a process of its own."""
    process = subprocess.Popen(  # noqa: S603  our own servers
        [sys.executable, *arguments],
        cwd=REPO,
        env={**os.environ, "PYTHONPATH": str(REPO), "KALDRA_DRAIN_SECONDS": "0", **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Return when something listens on `port`."""
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main()
