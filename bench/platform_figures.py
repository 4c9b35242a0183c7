"""What the platform costs: `python bench/platform_figures.py` prints each figure with its limit.

Works on a copy of this clone with names, ports and state of its own, and takes all of it away at
the end. `--from-nothing` only measures the start without a cluster, and without a running Docker
Engine where nothing else runs in it.
"""

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.reporting import report, timed
from tests.e2e.clone import NAME, Clone, new_clone
from tests.e2e.docker import docker, engine_answers, remove_leftovers

REPO = Path(__file__).resolve().parents[1]


ROUNDS = 5
LINE = '__version__ = "0.1.0"'
MEGABYTE = 1_000_000
NO_CHANGES = ("preview", "--expect-no-changes", "--non-interactive")
EMPTY_PROJECT = """
name: empty
runtime: python
"""


def main() -> None:
    """Print the figures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from-nothing", action="store_true", help="only the warm start")
    only_start: bool = parser.parse_args().from_nothing
    with tempfile.TemporaryDirectory(prefix="kaldra-bench-") as folder:
        clone = new_clone(Path(folder))
        remove_leftovers()
        try:
            if only_start:
                start(clone)
            else:
                report("up, first in a new clone", [timed(clone.up)])
                repeated_up(clone)
                preview(clone, Path(folder) / "empty")
                changed_line(clone)
                image_size(clone)
        finally:
            clone.kaldra("down", "--all")
            if engine_answers():
                remove_leftovers()


def start(clone: Clone) -> None:
    """The tools are there; no cluster is, and best no Docker Engine."""
    clone.up()
    clone.kaldra("down", "--all")
    docker_too = not engine_answers()
    seconds = timed(clone.up)
    what = "no cluster, no Docker running" if docker_too else "no cluster (Docker runs already)"
    report(f"up, warm cache, {what}", [seconds], 75)


def repeated_up(clone: Clone) -> None:
    """Nothing to do."""
    report("up, nothing changed", [timed(clone.up) for _ in range(ROUNDS)], 3.9)


def preview(clone: Clone, empty: Path) -> None:
    """The whole program against the same engine on an empty one, in turns."""
    environment = {**clone.environment, **exports(clone)}
    empty.mkdir()
    (empty / "Pulumi.yaml").write_text(EMPTY_PROJECT)
    (empty / "__main__.py").write_text("")
    own = {**environment, "PULUMI_BACKEND_URL": f"file://{empty}", "PULUMI_STACK": "empty"}
    pulumi(empty, own, "stack", "init", "empty")
    pulumi(empty, own, "up", "--yes", "--skip-preview", "--non-interactive")
    program, engine = [], []
    for _ in range(ROUNDS):
        program.append(timed(lambda: pulumi(clone.root, environment, *NO_CHANGES)))
        engine.append(timed(lambda: pulumi(empty, own, *NO_CHANGES)))
    report("pulumi preview, nothing to do", program, 4)
    report("pulumi preview, empty program", engine)
    ratio = statistics.median(program) / statistics.median(engine)
    print(f"ratio of both: {ratio:.2f} (wanted <= 2.0)")


def changed_line(clone: Clone) -> None:
    """From the edit to the first answer that shows it, through `./kaldra up`."""
    seconds, pushed = [], []
    for number in range(3):
        version = f"0.1.0+{number}"
        before = clone.layers("api")
        with clone.edited("app/__init__.py", LINE, f'__version__ = "{version}"'):
            began = time.monotonic()
            served: list[float] = []
            asker = threading.Thread(target=await_version, args=(clone, version, served, began))
            asker.start()
            clone.up()
            asker.join()
        seconds += served
        new = clone.layers("api").items() - before.items()
        pushed.append(sum(size for _, size in new) / 1000)
    report("changed line, edit to served", seconds, 15)
    report("changed line, bytes pushed", pushed, 200, unit="kB")


def image_size(clone: Clone) -> None:
    """The gateway's image over the base it stands on."""
    base = docker("image", "inspect", exports(clone)["KALDRA_BASE_IMAGE"], "--format={{.Size}}")
    name = f"localhost:{clone.registry_port}/kaldra-api:{NAME}"
    api = docker("image", "inspect", name, "--format={{.Size}}")
    report("kaldra-api over its base", [(int(api) - int(base)) / MEGABYTE], 60, unit="MB")
    report("base", [int(base) / MEGABYTE], unit="MB")


def await_version(clone: Clone, version: str, served: list[float], began: float) -> None:
    """Ask until the gateway tells the version; notes how long that took."""
    while time.monotonic() - began < 120:
        code, body = clone.get("/status/")
        if code == 200 and json.loads(body)["version"] == version:
            served.append(time.monotonic() - began)
            return
        time.sleep(0.05)


def exports(clone: Clone) -> dict[str, str]:
    """What `./kaldra env` sets."""
    lines = clone.kaldra("env").splitlines()
    parts = (shlex.split(line)[1] for line in lines if line.startswith("export "))
    return dict(part.split("=", 1) for part in parts)


def pulumi(folder: Path, environment: dict[str, str], *arguments: str) -> None:
    """Run plain pulumi; its output is shown only when it fails."""
    program = shutil.which("pulumi", path=environment["PATH"])
    command = ["pulumi", *arguments]
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, executable=program,
    )  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"{command}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    main()
