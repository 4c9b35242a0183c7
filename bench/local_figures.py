"""What running without Kubernetes costs: `python bench/local_figures.py` prints each figure.

Works on a copy of this clone with names, ports and state of its own, and takes all of it away at
the end. `--bare` only measures the start without Docker.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from bench.reporting import report, timed
from tests.conftest import unused_port
from tests.e2e.clone import NAME, Clone, ask, new_clone
from tests.e2e.docker import docker, engine_answers, remove_leftovers

REPO = Path(__file__).resolve().parents[1]


ROUNDS = 5
IDLE_SECONDS = 10
CONTAINERS = (f"{NAME}-local-core", f"{NAME}-local-api")
MEBIBYTES = {"KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0}


def main() -> None:
    """Print the figures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bare", action="store_true", help="only the start without Docker")
    only_bare: bool = parser.parse_args().bare
    with tempfile.TemporaryDirectory(prefix="kaldra-bench-") as folder:
        clone = new_clone(Path(folder))
        report("serve, command to first answer", [serve(clone) for _ in range(ROUNDS)], 2)
        if only_bare:
            return
        remove_leftovers()
        try:
            report("up --stack local, first in a new clone", [up(clone)])
            report("up --stack local, images built", [rebuilt(clone) for _ in range(ROUNDS)], 10)
            report("up --stack local, nothing to do", [up(clone) for _ in range(ROUNDS)], 6)
            memory()
        finally:
            clone.local.kaldra("down")
            if engine_answers():
                remove_leftovers()


def serve(clone: Clone) -> float:
    """Seconds from `./kaldra serve` to the gateway's first answer."""
    port = unused_port()
    with clone.env_file(f"API_PORT={port}", f"CORE_PORT={unused_port()}"):
        began = time.monotonic()
        process = clone.start("./kaldra", "serve")
        try:
            while ask(port, "/status/")[0] != 200:
                if process.poll() is not None:
                    sys.exit((clone.root.parent / "started.log").read_text())
                time.sleep(0.005)
            return time.monotonic() - began
        finally:
            process.terminate()
            process.wait()


def up(clone: Clone) -> float:
    """Seconds of an `up`, which ends with the answer at /status/."""
    return timed(lambda: clone.local.kaldra("up"))


def rebuilt(clone: Clone) -> float:
    """Seconds of an `up` that makes network and containers of images that are there."""
    clone.local.kaldra("down")
    return up(clone)


def memory() -> None:
    """What both containers take while nobody asks anything."""
    time.sleep(IDLE_SECONDS)
    used = []
    for name in CONTAINERS:
        shown = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", name)
        found = re.match(r"([\d.]+)([KMG]iB)", shown)
        if not found:
            sys.exit(f"docker stats says {shown!r}")
        used.append(float(found[1]) * MEBIBYTES[found[2]])
    report("memory of the core, idle", used[:1], unit="MiB")
    report("memory of the gateway, idle", used[1:], unit="MiB")
    report("memory of both, idle", [sum(used)], 260 * 1_000_000 / (1 << 20), unit="MiB")


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    main()
