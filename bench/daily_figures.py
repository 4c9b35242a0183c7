"""Logs through rollouts, and disk over edits: `python bench/daily_figures.py [--edits 60]`.

Works on a copy of this clone with names, ports and state of its own, and takes all of it away at
the end.
"""

import argparse
import http.client
import json
import subprocess
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

from bench.reporting import report, timed
from kaldra.paths import home
from tests.e2e.clone import Clone, new_clone
from tests.e2e.docker import docker, remove_leftovers

REPO = Path(__file__).resolve().parents[1]


ROLLOUTS = 10
PER_SECOND = 20
GATEWAY = "deployment/kaldra-api"
LINE = '__version__ = "0.1.0"'
MEGABYTE = 1_000_000


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=60)
    edits: int = parser.parse_args().edits
    with tempfile.TemporaryDirectory(prefix="kaldra-bench-") as folder:
        clone = new_clone(Path(folder))
        remove_leftovers()
        try:
            clone.up()
            logs(clone)
            disk(clone, edits)
        finally:
            clone.kaldra("down", "--all")
            remove_leftovers()


def logs(clone: Clone) -> None:
    """Follow ten rollouts under load: every answered request has to be in the log."""
    follow = ("./kaldra", "logs", "--follow", "--lines", "0", "--json", "--stack", clone.stack)
    process = subprocess.Popen(  # noqa: S603
        follow, cwd=clone.root, env=clone.environment, stdout=subprocess.PIPE, text=True
    )
    shown: set[str] = set()
    first: dict[str, float] = {}

    def read() -> None:
        for line in process.stdout or ():
            record = json.loads(line)
            delay = time.time() - datetime.fromisoformat(record["time"]).timestamp()
            first.setdefault(record["source"], delay)
            shown.add(record["request_id"])

    reader = threading.Thread(target=read)
    reader.start()
    answered: set[str] = set()
    failed: list[str] = []
    ended = threading.Event()
    load = threading.Thread(target=_ask, args=(clone.api_port, answered, failed, ended))
    time.sleep(3)  # the follower has to be there
    load.start()
    for _ in range(ROLLOUTS):
        clone.kubectl("rollout", "restart", GATEWAY)
        clone.kubectl("rollout", "status", GATEWAY)
    ended.set()
    load.join()
    time.sleep(3)
    process.terminate()
    reader.join()
    report(f"logs -f: lines lost of {len(answered)}", [float(len(answered - shown))], unit="")
    report("requests without an answer", [float(len(failed))], unit="")
    report("first line of a new pod", list(first.values()), 2)


def disk(clone: Clone, edits: int) -> None:
    """Edit and deploy again and again; the last five releases have to come back."""
    before = used(clone)
    seconds = []
    for number in range(edits):
        version = f'__version__ = "0.1.0+{number}"'
        with clone.edited("app/__init__.py", LINE, version):
            seconds.append(timed(clone.up))
    grown = (used(clone) - before) / MEGABYTE
    report("edit and up", seconds)
    report(f"disk after {edits} edits", [grown], 300, unit="MB")
    report("clean", [timed(lambda: clone.kaldra("clean"))])
    for back in range(1, 5):
        clone.kaldra("rollback", "--yes", "--to", str(edits + 1 - back))
        clone.await_version(f"0.1.0+{edits - 1 - back}")


def used(clone: Clone) -> int:
    """Bytes of the whole engine, of the cache and of the copy: others use the disk, too."""
    engine = docker("info", "--format={{.DockerRootDir}}").strip()
    folders = (engine, str(home()), str(clone.root.parent))
    command = ("du", "--summarize", "--block-size=1", "--one-file-system", "--total", *folders)
    # Files may go meanwhile.
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return int(done.stdout.splitlines()[-1].split()[0])


def _ask(port: int, answered: set[str], failed: list[str], ended: threading.Event) -> None:
    for number in range(1_000_000):
        if ended.wait(1 / PER_SECOND):
            return
        name = f"bench-{number}"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/status/core", headers={"X-Request-Id": name})
            connection.getresponse().read()
            answered.add(name)
        except OSError:
            failed.append(name)
        finally:
            connection.close()


if __name__ == "__main__":
    main()
