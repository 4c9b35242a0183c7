"""Driving the Pulumi CLI: by its JSON, its events and its exit codes."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
    re.compile("incorrect passphrase"): (
        "PULUMI_CONFIG_PASSPHRASE (or the passphrase file) is not the one this stack was made "
        "with: docs/how-to/recover.md, A wrong or lost passphrase"
    ),
    re.compile("unauthorized: |no basic auth credentials|401 Unauthorized|authorization failed"): (
        "The registry refuses an account: kaldra:registry.push is ours, kaldra:registry.pull "
        "the cluster's. docs/how-to/staging.md has the commands that set them"
    ),
}


@dataclass(frozen=True)
class Deployment:
    """What is deployed: the stack's last state."""

    resources: Sequence[Mapping[str, Any]] = ()
    pending: bool = False
    """Whether operations were begun and not finished."""

    @property
    def images(self) -> dict[str, str]:
        """Service → reference that names exactly what was built, as the program's outputs say."""
        stack = (r for r in self.resources if r["type"] == "pulumi:pulumi:Stack")
        outputs = next(stack, {}).get("outputs") or {}
        return {k.removesuffix("Image"): str(v) for k, v in outputs.items() if k.endswith("Image")}


_Ended = subprocess.CompletedProcess[list[str]]
"""With the lines of both streams."""


@dataclass(frozen=True)
class Pulumi:
    """The Pulumi CLI in one workspace's environment."""

    workspace: Workspace
    variables: Mapping[str, str]
    console: Console

    def deployment(self) -> Deployment | None:
        """What is deployed; None where the backend does not have the stack."""
        document = self.read("stack", "export", "--stack", self.workspace.stack)
        if document is None:
            return None
        latest = document.get("deployment") or {}
        return Deployment(latest.get("resources") or (), bool(latest.get("pending_operations")))

    def ensure_stack(self) -> Deployment:
        """Create the stack in its backend unless it exists; returns what is deployed."""
        found = self.deployment()
        if found is None:
            provider = self.workspace.settings.secrets_provider
            options = [f"--secrets-provider={provider}"] if provider else []
            self.run("stack", "init", self.workspace.stack, "--no-select", *options)
        return found or Deployment()

    def settle(self) -> None:
        """Read what really exists into the state, which also ends pending operations."""
        self.change("refresh", "--clear-pending-creates")

    def change(self, verb: str, *options: str) -> None:
        """Run a verb that changes the stack; each changed resource is shown as a line."""
        stack = self.workspace.stack
        with self.console.step(f"pulumi {verb} · {stack}") as step:
            events = Events(self.console, step)
            arguments = (verb, "--stack", stack, "--yes", "--skip-preview", "--json", *options)
            try:
                self._run(arguments, events.take)
            finally:
                events.close()
            step.done(events.summary)

    def show(self, verb: str, *options: str) -> None:
        """Run a verb that changes nothing; what it prints is for the user."""
        arguments = (verb, "--stack", self.workspace.stack, *options)
        self._run(arguments, lambda line: self.console.raw(f"  {line}" if line else ""))

    def read(self, *arguments: str) -> Any:
        """What `pulumi ARGUMENTS` answers in JSON; None where the backend has no such stack."""
        ended = self._run(arguments, accepted=(0, STACK_NOT_FOUND))
        return None if ended.returncode else json.loads("\n".join(ended.stdout))

    def run(self, *arguments: str, text: str = "") -> None:
        """Run `pulumi ARGUMENTS` with `text` as its input."""
        self._run(arguments, text=text)

    def _run(
        self,
        arguments: Sequence[str],
        each_line: Callable[[str], None] | None = None,
        text: str = "",
        accepted: Sequence[int] = (0,),
    ) -> _Ended:
        """Run to the end. The lock of a dead process is removed, and the command run again.

        Raises KaldraError for an exit code that is not accepted.
        """
        with self._program(arguments[0]) as options:
            ended = self._process((*arguments, *options), each_line, text)
            if ended.returncode and (locks := [*filter(None, map(_LOCK.search, ended.stderr))]):
                for lock in locks:
                    self._require_dead(lock)
                self.unlock()
                ended = self._process((*arguments, *options), each_line, text)
        if ended.returncode not in accepted:
            raise _failure(ended)
        return ended

    @contextmanager
    def _program(self, verb: str) -> Iterator[Sequence[str]]:
        """Serve the program to a verb that runs it; returns the verb's option for that."""
        if verb not in RUN_THE_PROGRAM:
            yield ()
            return
        from kaldra.cli import program  # noqa: PLC0415  imports Pulumi

        with program.served(self.variables) as client:
            yield (client,)

    def unlock(self) -> None:
        """Remove the lock that a killed run has left."""
        self.console.note(f"A killed run left stack {self.workspace.stack} locked; lock removed.")
        self._process(["cancel", "--stack", self.workspace.stack, "--yes"])

    def _require_dead(self, lock: "re.Match[str]") -> None:
        stack, pid, host = self.workspace.stack, int(lock["pid"]), lock["host"]
        if host not in ("", socket.gethostname()):
            raise KaldraError(
                f"Another run works on stack {stack}: {lock['user']}@{host} (pid {pid}, since "
                f"{lock['since']}).",
                hint=f'If it is dead: eval "$(./kaldra env --stack {stack})" && '
                "pulumi cancel --yes",
            )
        if is_pulumi(pid):
            raise KaldraError(
                f"Another run works on stack {stack} (pid {pid}, since {lock['since']}).",
                hint=f"Wait for it to end, or interrupt it: kill -INT {pid}",
            )

    def _process(
        self,
        arguments: Sequence[str],
        each_line: Callable[[str], None] | None = None,
        text: str = "",
    ) -> _Ended:
        """Run one process.

        Ctrl+C, SIGTERM and SIGHUP (which raise SystemExit) are passed on once as an interrupt, so
        that Pulumi writes its state before it ends.
        """
        # A session of its own: a terminal's Ctrl+C reaches this process alone, which passes it on.
        # Pulumi interrupts its plugins, and waits five seconds for each that ignores it.
        with interruptible():
            process = subprocess.Popen(  # noqa: S603
                [str(GUARD / "pulumi"), *arguments, "--non-interactive", "--color", "never"],
                cwd=REPO,
                env={**self.workspace.inherited(), **self.variables},
                stdin=subprocess.PIPE if text else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        ended = _Ended(arguments, 0, [], [])
        assert process.stdout and process.stderr  # noqa: S101, PT018  opened with pipes
        errors = threading.Thread(
            target=lambda: ended.stderr.extend(line.rstrip() for line in process.stderr or ())
        )
        errors.start()

        def read() -> None:
            for line in process.stdout or ():
                ended.stdout.append(line.rstrip())
                if each_line:
                    each_line(line.rstrip())

        with process:
            try:
                if process.stdin:
                    process.stdin.write(text)
                    process.stdin.close()
                read()
            except (KeyboardInterrupt, SystemExit):
                self._interrupted(process, read)
                raise
            finally:
                errors.join()
        ended.returncode = process.returncode
        return ended

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
    lines = [*_diagnostics(ended.stdout), *ended.stderr]
    said = "\n".join(line for line in lines if line)[-2000:]
    reasons = "\n".join([said, *ended.stdout])
    hints = (hint for pattern, hint in _HINTS.items() if pattern.search(reasons))
    # None otherwise: what the doctor looks at was looked at before Pulumi ran.
    hint = next(hints, "")
    return KaldraError(f"{text}:\n{said}" if said else f"{text}; the reason is above.", hint=hint)


def _diagnostics(output: Sequence[str]) -> list[str]:
    """Errors in the JSON document that a command answered with; none where it did not."""
    try:
        document = json.loads("\n".join(output))
    except ValueError:
        return []
    found = document.get("diagnostics") if isinstance(document, dict) else None
    return [d["message"].strip() for d in found or () if d["severity"] == "error"]


def is_pulumi(pid: int) -> bool:
    """Whether the process lives and is a Pulumi (a reused id is not)."""
    try:
        os.kill(pid, 0)
        return b"pulumi" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except ProcessLookupError:
        return False
    except OSError:  # another user's, or no /proc
        return True
