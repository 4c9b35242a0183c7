"""A copy of this clone that is used as its users do: through `./kaldra` and plain pulumi.

It has names, ports, state and a Pulumi home of its own; only the cache of tools is shared.
"""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kaldra.paths import REPO
from tests.conftest import unused_port
from tests.e2e.machine import NAME, sharing_the_machine
from tests.platform.test_environment import HOSTILE, PASSED

STACK = "e2e"
LOCAL_STACK = "e2e-local"
NOT_INHERITED = ("PULUMI_", "KALDRA_", "KUBE", "PYTHON", "VIRTUAL_ENV")
SHARED = {"KALDRA_HOME", "KALDRA_PYTHON"}
TRAPS = {name: value for name, value in HOSTILE.items() if name not in PASSED}
"""Variables of the shell that runs `./kaldra`; proxies are this machine's."""
FIRST_UP_SECONDS = 80 * 60
"""On a machine without any tool everything is built first."""
VERB_SECONDS = 10 * 60
ANSWER_SECONDS = 30
"""Slow is not lost: a busy machine answers late, and only a refusal or a cut is a failure."""


@dataclass
class Clone:
    """The copy, and the platform it brings up."""

    root: Path
    stack: str = STACK
    cluster: str = NAME
    api_port: int = field(default_factory=unused_port)
    registry_port: int = field(default_factory=unused_port)
    local_port: int = field(default_factory=unused_port)
    settled: bool = False
    """Whether what runs is what the copy's files say."""
    transcript: list[str] = field(default_factory=list)
    """What was said by all but kubectl, which shows secrets when it is asked for them."""

    @property
    def local(self) -> "Clone":
        """The copy with its stack on Docker alone."""
        return replace(self, stack=LOCAL_STACK, api_port=self.local_port)

    def create(self) -> None:
        """Make the copy, without stacks of its own."""
        copy_of_repo(self.root)
        decoy = {"kind": "Config", "current-context": "the-user's-own"}
        self.decoy.write_text(json.dumps(decoy))

    # Commands ---------------------------------------------------------------------------------

    @property
    def decoy(self) -> Path:
        """A kubeconfig that stands for the user's own."""
        return self.root.parent / "kubeconfig"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in SHARED or not name.startswith(NOT_INHERITED)
        }
        return {**inherited, "KUBECONFIG": str(self.decoy), "TERM": "dumb"}

    def _environment_of(self, program: str) -> dict[str, str]:
        """Plain pulumi and kubectl run in the environment that `./kaldra env` prints."""
        return {**(TRAPS if program == "./kaldra" else {}), **self.environment}

    def run(self, *command: str, code: int | None = 0, **env: str) -> str:
        """Output of a command in the copy, which has to end with `code`; None is any failure."""
        # A file, not a pipe: nothing that outlives the command can keep its output open.
        with sharing_the_machine(), (self.root.parent / "output.log").open("w+") as log:
            done = subprocess.run(
                command,
                cwd=self.root,
                env={**self._environment_of(command[0]), **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=FIRST_UP_SECONDS if command[1] == "up" else VERB_SECONDS,
                check=False,
            )
            log.seek(0)
            output = log.read()
        if "kubectl" not in command[0]:
            self.transcript.append(output)
        expected = done.returncode != 0 if code is None else done.returncode == code
        assert expected, f"{' '.join(command)} → {done.returncode}\n{output}"
        return output

    def kaldra(self, verb: str, *arguments: str, code: int | None = 0, **env: str) -> str:
        """`./kaldra VERB --stack STACK ARGUMENTS`."""
        return self.run("./kaldra", verb, "--stack", self.stack, *arguments, code=code, **env)

    def up(self, code: int = 0) -> str:
        self.settled = False
        said = self.kaldra("up", code=code)
        self.settled = code == 0
        return said

    def shell(self, commands: str, code: int = 0) -> str:
        """Run commands as a user does who types plain pulumi and kubectl."""
        environment = f'eval "$(./kaldra env --stack {self.stack})"'
        return self.run("bash", "-euc", f"{environment}\n{commands}", code=code)

    def start(self, *command: str, log: str = "started.log") -> "subprocess.Popen[bytes]":
        """Start a command in the copy; its output goes to a file beside the copy."""
        with (self.root.parent / log).open("a") as output:
            return subprocess.Popen(
                command,
                cwd=self.root,
                env=self._environment_of(command[0]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def start_up(self, type_: str) -> "subprocess.Popen[bytes]":
        """Start `./kaldra up`; returns while it is busy with a resource of the type."""
        process = self.start("./kaldra", "up", "--stack", self.stack)
        busy = f"work on {type_}"
        eventually(lambda: self.pending(type_) or process.poll() is not None, busy, 300)
        assert process.poll() is None
        return process

    @contextmanager
    def following(self) -> Iterator[Path]:
        """`./kaldra logs --follow`, from now on; the file with what it shows."""
        shown = self.root.parent / "followed.log"
        command = ("./kaldra", "logs", "--follow", "--lines", "0", "--stack", self.stack)
        process = self.start(*command, log=shown.name)
        try:
            yield shown
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        shown.unlink()

    def follow(self, said: str, **env: str) -> str:
        """Run the command of the last hint."""
        command = said.rpartition("→ ")[2].partition("\n")[0].partition(", or ")[0]
        return self.run("bash", "-euc", command, **env)

    def kubectl(self, *arguments: str, code: int = 0) -> str:
        return self.run(*self.access, "--namespace=kaldra", *arguments, code=code)

    @property
    def access(self) -> tuple[str, ...]:
        """kubectl, bound to the clone's cluster."""
        context = f"--context=kind-{self.cluster}"
        kubectl = str(self.state / "bin" / "kubectl")
        return kubectl, f"--kubeconfig={self.state / 'kubeconfig'}", context

    def apply(self, manifest: str, *options: str) -> None:
        """`kubectl apply` of objects that say their own namespace."""
        file = self.root.parent / "manifest.yaml"
        file.write_text(manifest)
        self.run(*self.access, "apply", *options, "--filename", str(file))

    def objects(self, kind: str, *options: str) -> dict[str, dict[str, Any]]:
        """Objects of the stack's namespace by name, unless an option names another."""
        items = json.loads(self.kubectl("get", kind, "--output=json", *options))["items"]
        return {item["metadata"]["name"]: item for item in items}

    def images(self) -> dict[str, str]:
        """Reference of each Deployment's image."""
        return {
            name: deployment["spec"]["template"]["spec"]["containers"][0]["image"]
            for name, deployment in self.objects("deployments").items()
        }

    # What there is ----------------------------------------------------------------------------

    @property
    def state(self) -> Path:
        return self.root / ".kaldra"

    @property
    def stack_file(self) -> str:
        return f"Pulumi.{self.stack}.yaml"

    @property
    def key(self) -> str:
        """The API key that a dev stack makes for itself."""
        document = json.loads((self.state / "dev-secrets.json").read_text())
        return str(document["apiKeys"]["dev"])

    def pending(self, type_: str) -> bool:
        """Whether the stack's state tells of an operation on such a resource in progress."""
        with suppress(OSError, ValueError, KeyError, TypeError):  # not there, or not yet written
            latest = json.loads(self.checkpoint.read_text())["checkpoint"]["latest"]
            return any(each["resource"]["type"] == type_ for each in latest["pending_operations"])
        return False

    @property
    def checkpoint(self) -> Path:
        return self.state / "state" / ".pulumi" / "stacks" / "kaldra" / f"{self.stack}.json"

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """GET from the gateway; (0, reason) where nobody answers."""
        return ask(self.api_port, path, **headers)

    def await_version(self, version: str) -> None:
        """Return once the gateway tells the version: a pod that goes may answer a last time."""

        def told() -> bool:
            code, body = self.get("/status/")
            return code == http.HTTPStatus.OK and json.loads(body)["version"] == version

        eventually(told, f"version {version}", 20)

    def await_core(self) -> None:
        """Return once the gateway reaches its core: it waits less than a second for it to say."""
        eventually(lambda: self.get("/status/core")[0] == http.HTTPStatus.OK, "the core", 20)

    def layers(self, service: str) -> dict[str, int]:
        """Layers of an image as the registry has it: digest → compressed bytes."""
        accepted = "application/vnd.docker.distribution.manifest.v2+json"
        address = f"/v2/kaldra-{service}/manifests/{NAME}"
        code, body = ask(self.registry_port, address, Accept=accepted)
        assert code == http.HTTPStatus.OK, body
        return {layer["digest"]: layer["size"] for layer in json.loads(body)["layers"]}

    # Changes ----------------------------------------------------------------------------------

    @contextmanager
    def edited(self, path: str, old: str = "", new: str = "") -> Iterator[None]:
        """Replace text in a file of the copy, and let others change it, until the block ends."""
        file = self.root / path
        before = file.read_text()
        assert old in before
        self.settled = False
        file.write_text(before.replace(old, new, 1))
        try:
            yield
        finally:
            file.write_text(before)
            self.settled = False

    @contextmanager
    def env_file(self, *lines: str) -> Iterator[Path]:
        """A `.env` in the copy until the block ends."""
        path = self.root / ".env"
        path.write_text("\n".join(lines))
        try:
            yield path
        finally:
            path.unlink()

    def release(self, name: str) -> AbstractContextManager[None]:
        """Let the gateway be of version 0.1.0+NAME until the block ends."""
        return self.edited("app/__init__.py", '"0.1.0"', f'"0.1.0+{name}"')

    def configured(self, setting: str) -> AbstractContextManager[None]:
        """Let the stack's file say more until the block ends."""
        return self.edited(self.stack_file, "config:\n", f"config:\n  kaldra:{setting}\n")

    def impatient(self) -> AbstractContextManager[None]:
        """Give rollouts, of which one will fail, less time until the block ends."""
        # Pulumi may have written the number in quotes.
        (line,) = re.findall(".*rolloutTimeoutSeconds.*", (self.root / self.stack_file).read_text())
        return self.edited(self.stack_file, line, "  kaldra:rolloutTimeoutSeconds: 25")

    def answering(self) -> AbstractContextManager[object]:
        """Ask for /status/ all the time; fails at the end if one answer was missing or wrong."""
        return asking(*[lambda: self.get("/status/")] * 2)


def new_clone(folder: Path) -> Clone:
    """A copy in the folder, with stacks for each target and nothing running."""
    clone = Clone(folder / "kaldra clone")
    clone.create()
    names = {"clusterName": NAME, "imageTag": NAME, "rolloutTimeoutSeconds": 60}
    ports = {"apiPort": clone.api_port, "registryPort": clone.registry_port}
    write_stack(clone.root, STACK, target="dev", **names, **ports)
    local_names = {"namespace": f"{NAME}-local", "imageTag": NAME}
    write_stack(clone.root, LOCAL_STACK, target="local", **local_names, apiPort=clone.local_port)
    return clone


def copy_of_repo(target: Path) -> None:
    """Copy what git tracks or would track; the virtual environment is a link."""
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(listing, cwd=REPO, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (REPO / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPO / name, target / name, follow_symlinks=False)
    (target / ".venv").symlink_to(sys.prefix)


def write_stack(root: Path, stack: str, *, salted: bool = True, **settings: object) -> None:
    """A stack's file, with the salt as in git; a team's stack has none before its first secret."""
    salt = re.findall(r"^encryptionsalt.*\n", (REPO / "Pulumi.dev.yaml").read_text(), re.MULTILINE)
    lines = [f"  kaldra:{key}: {json.dumps(value)}\n" for key, value in settings.items()]
    text = "".join([*(salt if salted else ()), "config:\n", *lines])
    (root / f"Pulumi.{stack}.yaml").write_text(text)


def ask(port: int, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request(
            "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
    finally:
        connection.close()


def eventually(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.02)


@contextmanager
def asking(*questions: Callable[[], tuple[int, str]]) -> Iterator[list[int]]:
    """Put each question, ten times a second, until the block ends; the status codes of answers.

    Fails at the end if one answer was missing or wrong. There are no retries.
    """
    codes: list[int] = []
    failures: list[tuple[int, str]] = []
    over = threading.Event()

    def keep_asking(question: Callable[[], tuple[int, str]]) -> None:
        while not over.wait(0.1):
            code, body = question()
            codes.append(code)
            if code != http.HTTPStatus.OK:
                failures.append((code, body[:200]))

    askers = [threading.Thread(target=keep_asking, args=(question,)) for question in questions]
    for asker in askers:
        asker.start()
    try:
        yield codes
    finally:
        over.set()
        for asker in askers:
            asker.join()
    assert failures == []


def changes(said: str) -> dict[str, int]:
    """What an `up` counted at its end: {"unchanged": 12, "updated": 1}."""
    counted = said.rpartition("✓ pulumi up")[2].partition("\n")[0]
    found = re.findall(r"(\d+) (created|updated|replaced|deleted|unchanged)", counted)
    return {what: int(count) for count, what in found}
