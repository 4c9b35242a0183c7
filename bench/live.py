"""Time from a save to the first new answer, and requests that failed meanwhile.

`python -m bench.live bare`, or `local` or `dev` for a stack that is up: 50 edits of each service.
On dev also how long a new pod serves the image's code, and how long the return to the image takes.
The file is changed in place and put back at the end. `--stack NAME` names another stack.
"""

import argparse
import http.client
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from app.routers.status import ONLINE
from bench.load import percentile
from kaldra.paths import REPO
from kaldra.stack.settings import settings_of_stack_file

EDITS = int(os.environ.get("E", "50"))
RATE = 20
PAUSE_SECONDS = 0.3
SETTLE_SECONDS = 3.0

GATEWAY = REPO / "app" / "routers" / "status.py"
CORE = REPO / "core" / "__init__.py"
START_SECONDS = 60
NEW_PODS = 5
POD = "app.kubernetes.io/name=kaldra-api"
ASK_AGAIN_SECONDS = 0.02
"""More often, asking would take the processor from what is awaited."""


class Load:
    """Requests at a constant rate, each on a connection of its own."""

    def __init__(self, port: int) -> None:
        self.sent = 0
        self.failures: list[str] = []
        self._port = port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._over.wait(max(0.0, began + self.sent / RATE - time.monotonic())):
            path = ("/status/", "/status/core")[self.sent % 2]
            code, body = get(self._port, path)
            if code != http.HTTPStatus.OK:
                self.failures.append(f"{path} {code} {body[:100]}")
            self.sent += 1


def get(port: int, path: str) -> tuple[int, str]:
    """One answer; code 0 where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__} {error}"
    finally:
        connection.close()


@contextmanager
def edited(file: Path) -> Iterator[str]:
    """The text of a file, which is put back at the end."""
    before = file.read_text(encoding="utf-8")
    try:
        yield before
    finally:
        file.write_text(before, encoding="utf-8")


def edits(file: Path, pattern: str, port: int, path: str) -> list[float]:
    """Seconds from each save, which replaces the pattern, until `path` answers with its text."""
    seconds = []
    with edited(file) as before:
        for number in range(EDITS):
            text = f"edit {number:03d}"
            file.write_text(re.sub(pattern, text, before, count=1), encoding="utf-8")
            seconds.append(await_answer(port, path, text))
            time.sleep(PAUSE_SECONDS)
    time.sleep(SETTLE_SECONDS)
    return seconds


def new_pods(stack: str, port: int) -> list[float]:
    """Seconds for which the gateway of a new pod answers with the image's code."""
    seconds = []
    with edited(GATEWAY) as before:
        GATEWAY.write_text(before.replace(ONLINE, "edited"), encoding="utf-8")
        await_answer(port, "/status/", "edited")
        for _ in range(NEW_PODS):
            kubectl(stack, "delete", "pod", "--selector", POD, "--grace-period=0", "--force")
            while get(port, "/status/")[0] == http.HTTPStatus.OK:
                time.sleep(ASK_AGAIN_SECONDS)
            await_answer(port, "/status/", "")
            seconds.append(await_answer(port, "/status/", "edited"))
    return seconds


def restored(stack: str, port: int) -> float:
    """Seconds from the command until the image's code answers, after an edit that stayed."""
    with edited(GATEWAY) as before, running("dev", stack):
        GATEWAY.write_text(before.replace(ONLINE, "edited"), encoding="utf-8")
        await_answer(port, "/status/", "edited")
    began = time.perf_counter()
    verb = ["./kaldra", "dev", "--restore", "--stack", stack]
    subprocess.run(verb, cwd=REPO, check=True)  # noqa: S603  ours
    await_answer(port, "/status/", ONLINE)
    return time.perf_counter() - began


def await_answer(port: int, path: str, text: str) -> float:
    """Seconds until `path` succeeds with the text."""
    began = time.perf_counter()
    while True:
        code, body = get(port, path)
        seconds = time.perf_counter() - began
        if code == http.HTTPStatus.OK and text in body:
            return seconds
        if seconds > START_SECONDS:
            raise SystemExit(f"{text!r} is not served after {START_SECONDS} s: {code} {body[:200]}")
        time.sleep(ASK_AGAIN_SECONDS)


def kubectl(stack: str, *arguments: str) -> None:
    """Run kubectl with the environment of the stack."""
    namespace = settings_of_stack_file(stack, REPO).namespace
    command = f'eval "$(./kaldra env --stack {stack})" && exec kubectl -n {namespace} "$@"'
    subprocess.run(  # noqa: S603  ours
        ["bash", "-c", command, "kubectl", *arguments],  # noqa: S607  any bash
        cwd=REPO, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@contextmanager
def running(target: str, stack: str) -> Iterator[None]:
    """The verb that serves saves, from its first line on."""
    verb = ["serve", "--reload"] if target == "bare" else ["dev", "--stack", stack]
    with subprocess.Popen(  # noqa: S603  ours
        ["./kaldra", *verb],
        cwd=REPO,
        env={**os.environ, "KALDRA_AUTH": "off"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr is not None  # noqa: S101  opened with a pipe
        for line in process.stderr:
            if "live:" in line or "is ready" in line:
                break
        reader = threading.Thread(target=process.stderr.read)
        reader.start()
        time.sleep(SETTLE_SECONDS)
        try:
            yield
        finally:
            process.terminate()
            process.wait()
            reader.join()


def main() -> None:
    """Print both services' figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=("bare", "local", "dev"))
    parser.add_argument("--stack")
    arguments = parser.parse_args()
    stack = arguments.stack or arguments.target
    port = 8000 if arguments.target == "bare" else settings_of_stack_file(stack, REPO).api_port
    with running(arguments.target, stack), Load(port) as load:
        report("gateway", edits(GATEWAY, ONLINE, port, "/status/"))
        # With what the core says of itself.
        report("core", edits(CORE, r"0\.1\.0", port, "/page/vocabulary"))
    print(f"{load.sent} requests at {RATE} per second, {len(load.failures)} failed")
    for failure in load.failures[:5]:
        print(f"  {failure}")
    if arguments.target == "dev":
        with running("dev", stack):
            stale = new_pods(stack, port)
        print(f"a new pod answers with the image's code for {max(stale):.1f} s at most")
        print(f"back to the image: {restored(stack, port):.1f} s")
    sys.exit(bool(load.failures))


def report(service: str, seconds: list[float]) -> None:
    """One line."""
    print(
        f"{service}: save → new answer p50 {percentile(seconds, 0.5):.0f} ms, "
        f"p95 {percentile(seconds, 0.95):.0f} ms, of {len(seconds)} edits",
        flush=True,
    )


if __name__ == "__main__":
    main()
