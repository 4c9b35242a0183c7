"""Driving the Pulumi CLI: by its JSON, its events and its exit codes."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaldra.cli.events import Events
from kaldra.cli.ui import Console
from kaldra.cli.workspace import GUARD, Workspace
from kaldra.errors import KaldraError
from kaldra.paths import REPO
from kaldra.toolchain.commands import interruptible

INTERRUPT_GRACE_SECONDS = 60
STACK_NOT_FOUND = 6
"""Exit code, as pkg/cmd/pulumi/cmd/exit_codes.go has them."""

RUN_THE_PROGRAM = ("up", "preview", "refresh", "destroy")
"""Verbs of Pulumi; the last two do by PULUMI_RUN_PROGRAM."""

# Pulumi has no exit code for the cases below and no command that lists locks: its words, and those
# of registries, are matched here and nowhere else.
_LOCK = re.compile(r"created by (?P<user>.*)@(?P<host>\S*) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")
_HINTS = {
    "incorrect passphrase": (
        "PULUMI_CONFIG_PASSPHRASE (or the passphrase file) is not the one this stack was made "
        "with: docs/how-to/recover.md, A wrong or lost passphrase"
    ),
    "unauthorized: |no basic auth credentials|401 Unauthorized|authorization failed": (
        "The registry refuses an account: kaldra:registry.push is ours, kaldra:registry.pull "
        "the cluster's. docs/how-to/staging.md has the commands that set them"
    ),
}
_Ended = subprocess.CompletedProcess[list[str]]
"""With the lines of both streams."""


@dataclass(frozen=True)
class Deployment:
    """What is deployed: the stack's last state."""

    pulumi: "Pulumi"
    """What it was read with."""
    resources: Sequence[Mapping[str, Any]] = ()
    pending: bool = False
    """Whether operations were begun and not finished."""

    @property
    def images(self) -> dict[str, str]:
        """Service → reference that names exactly what was built, as the program's outputs say."""
        stack = (r for r in self.resources if r["type"] == "pulumi:pulumi:Stack")
        outputs = next(stack, {}).get("outputs") or {}
        return {k.removesuffix("Image"): str(v) for k, v in outputs.items() if k.endswith("Image")}


@dataclass(frozen=True)
class Pulumi:
    """The Pulumi CLI in one workspace's environment."""

    workspace: Workspace
    variables: Mapping[str, str]
    console: Console
    cluster: Mapping[str, str] = field(default_factory=dict)
    """What identifies the dev cluster and its registry until they are made again, by name.

    Empty on other targets, and for verbs that do not start them.
    """

    def deployment(self) -> Deployment | None:
        """What is deployed; None where the backend does not have the stack."""
        document = self.read("stack", "export")
        if document is None:
            return None
        latest = document.get("deployment") or {}
        pending = bool(latest.get("pending_operations"))
        return Deployment(self, latest.get("resources") or (), pending)

    def ensure_stack(self) -> Deployment:
        """Create the stack in its backend unless it exists; returns what is deployed."""
        found = self.deployment()
        if found is None:
            provider = self.workspace.settings.secrets_provider
            options = [f"--secrets-provider={provider}"] if provider else []
            self.run("stack", "init", self.workspace.stack, "--no-select", *options)
        return found or Deployment(self)

    def settle(self) -> None:
        """Read what really exists into the state, which also ends pending operations."""
        self.change("refresh", "--clear-pending-creates")

    def change(self, verb: str, *options: str) -> None:
        """Run a verb that changes the stack; each changed resource is shown as a line."""
        stack = self.workspace.stack
        given = ("--stack", stack, "--yes", "--skip-preview", "--json", *options)
        with (
            self.console.step(f"pulumi {verb} · {stack}") as step,
            closing(Events(self.console, step)) as events,
        ):
            self.run(verb, *given, each_line=events.take)
            step.done(events.summary)

    def show(self, verb: str, *options: str) -> None:
        """Run a verb that changes nothing; what it prints is for the user."""
        given = ("--stack", self.workspace.stack, *options)
        self.run(verb, *given, each_line=lambda line: self.console.raw(f"  {line}" if line else ""))

    def read(self, *arguments: str) -> Any:
        """What `pulumi ARGUMENTS` answers in JSON; None where the backend has no such stack."""
        given = (*arguments, "--stack", self.workspace.stack)
        ended = self.run(*given, accepted=(0, STACK_NOT_FOUND))
        return None if ended.returncode else json.loads("\n".join(ended.stdout))

    def run(
        self,
        *arguments: str,
        each_line: Callable[[str], None] = lambda _: None,
        text: str = "",
        accepted: Sequence[int] = (0,),
    ) -> _Ended:
        """Run `pulumi ARGUMENTS` with `text` as its input.

        The lock of a dead process is removed, and the command run again. Raises KaldraError for an
        exit code that is not accepted.
        """
        with ExitStack() as serving:
            if arguments[0] in RUN_THE_PROGRAM:
                from kaldra.cli import program  # noqa: PLC0415  imports Pulumi

                arguments += (serving.enter_context(program.served(self.variables)),)
            ended = self._process(arguments, each_line, text)
            if ended.returncode and (locks := [*filter(None, map(_LOCK.search, ended.stderr))]):
                for lock in locks:
                    self._require_dead(lock)
                self.unlock()
                ended = self._process(arguments, each_line, text)
        if ended.returncode not in accepted:
            raise _failure(ended)
        return ended

    def unlock(self) -> None:
        """Remove the lock that a killed run has left."""
        self.console.note(f"A killed run left stack {self.workspace.stack} locked; lock removed.")
        self._process(("cancel", "--stack", self.workspace.stack, "--yes"))

    def _require_dead(self, lock: "re.Match[str]") -> None:
        stack, pid = self.workspace.stack, int(lock["pid"])
        owner, hint = "", f"Wait for it to end, or interrupt it: kill -INT {pid}"
        if lock["host"] not in ("", socket.gethostname()):
            owner = f": {lock['user']}@{lock['host']}"
            own_environment = f'eval "$(./kaldra env --stack {stack})"'
            hint = f"If it is dead: {own_environment} && pulumi cancel --yes"
        elif not is_pulumi(pid):
            return
        since = f"(pid {pid}, since {lock['since']})"
        raise KaldraError(f"Another run works on stack {stack}{owner} {since}.", hint=hint)

    def _process(
        self,
        arguments: Sequence[str],
        each_line: Callable[[str], None] = lambda _: None,
        text: str = "",
    ) -> _Ended:
        """Run one process.

        Ctrl+C, SIGTERM and SIGHUP (which raise SystemExit) are passed on once as an interrupt, so
        that Pulumi writes its state before it ends.
        """
        output: list[str] = []
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
            # A session of its own: a terminal's Ctrl+C reaches this process alone, which passes it
            # on. Pulumi interrupts its plugins, and waits five seconds for each that ignores it.
            with interruptible():
                process = subprocess.Popen(  # noqa: S603
                    [str(GUARD / "pulumi"), *arguments, "--non-interactive", "--color", "never"],
                    cwd=REPO,
                    env={**self.workspace.inherited(), **self.variables},
                    stdin=subprocess.PIPE if text else subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    start_new_session=True,
                )

            def read() -> None:
                for line in process.stdout or ():
                    output.append(line.rstrip())
                    each_line(output[-1])

            with process:
                try:
                    if process.stdin:
                        process.stdin.write(text)
                        process.stdin.close()
                    read()
                except (KeyboardInterrupt, SystemExit):
                    self._interrupted(process, read)
                    raise
            errors.seek(0)
            said = [line.rstrip() for line in errors]
        return subprocess.CompletedProcess(arguments, process.returncode, output, said)

    def _interrupted(self, process: "subprocess.Popen[str]", read: Callable[[], None]) -> None:
        """Let Pulumi end in its own time, within limits."""
        self.console.warn("Interrupting: Pulumi finishes what it has begun and saves its state…")
        process.send_signal(signal.SIGINT)
        overdue = threading.Timer(INTERRUPT_GRACE_SECONDS, process.kill)
        overdue.start()
        try:
            read()
            process.wait()
        finally:
            overdue.cancel()
            process.kill()


def _failure(ended: _Ended) -> KaldraError:
    """The error of a command that failed, with what is not on the screen yet."""
    verb = " ".join(word for word in ended.args[:2] if not word.startswith("-"))
    text = f"pulumi {verb} failed (exit code {ended.returncode})"
    try:
        # Of a command that answers with a document, which is on no screen.
        told = json.loads("\n".join(ended.stdout))["diagnostics"] or ()
    except (ValueError, KeyError, TypeError):
        told = ()
    errors = [each["message"].strip() for each in told if each["severity"] == "error"]
    said = "\n".join(filter(None, [*errors, *ended.stderr]))[-2000:]
    reasons = "\n".join([said, *ended.stdout])
    # None otherwise: what the doctor looks at was looked at before Pulumi ran.
    hint = next((hint for words, hint in _HINTS.items() if re.search(words, reasons)), "")
    return KaldraError(f"{text}:\n{said}" if said else f"{text}; the reason is above.", hint=hint)


def is_pulumi(pid: int) -> bool:
    """Whether the process lives and is a Pulumi (a reused id is not)."""
    try:
        os.kill(pid, 0)
        return b"pulumi" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except ProcessLookupError:
        return False
    except OSError:  # another user's, or no /proc
        return True
