"""Running the Pulumi CLI: its output as it comes, its failures as one error."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kaldra.cli.ui import Console
from kaldra.cli.workspace import GUARD, Workspace
from kaldra.errors import KaldraError
from kaldra.paths import REPO
from kaldra.stack import stack_file

INTERRUPT_GRACE_SECONDS = 60
PASSING = re.compile(
    r"^\s*@ |^\s*[-+~]+ .*\b(creating|updating|deleting|replacing|refreshing|reading)\b.*\(\d+s\)"
    r"|using pulumi-language-python from"
)
"""Lines that tell of work in progress, and one that says where the language host is."""
REFUSED_ACCOUNT = re.compile(
    r"unauthorized: |no basic auth credentials|401 Unauthorized|authorization failed"
)
"""What an engine says that pushes, and a node that pulls."""


@dataclass(frozen=True)
class Pulumi:
    """The Pulumi CLI in one workspace's environment."""

    workspace: Workspace
    variables: Mapping[str, str]
    console: Console

    def run(self, *arguments: str, show: Callable[[str], None] | None = None) -> str:
        """Run `pulumi ARGUMENTS` to its end; returns what it printed. `show` sees each line.

        Ctrl+C and SIGTERM are passed on once, so that Pulumi writes its state before it ends.
        Raises KaldraError with the last lines where they were not shown.
        """
        with self._unchanged_stack_file():
            code, output = self._stream(arguments, show)
        if code != 0:
            verb = " ".join(a for a in arguments[:2] if not a.startswith("-"))
            raise _failure(verb, code, output, shown=show is not None)
        return output

    def change(self, title: str, *arguments: str) -> None:
        """Run a verb that changes the stack as one step: results are printed, work is shown."""
        with self.console.step(title) as step:

            def show(line: str) -> None:
                if PASSING.search(line):
                    step.update(" ".join(line.split())[:100])
                else:
                    self.console.raw(line)

            self.run(*arguments, show=show)

    def _stream(
        self, arguments: tuple[str, ...], show: Callable[[str], None] | None
    ) -> tuple[int, str]:
        command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
        environment = {**os.environ, **self.variables}
        # Verbs say for themselves what is confirmed; with both, Pulumi refuses some commands.
        environment.pop("PULUMI_SKIP_CONFIRMATIONS", None)
        # A session of its own: a terminal's Ctrl+C reaches this process alone, which passes it on.
        with _interrupts_not_ignored():
            process = subprocess.Popen(  # noqa: S603
                command,
                cwd=REPO,
                env=environment,
                executable=str(GUARD / "pulumi"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        lines: list[str] = []
        previous = signal.signal(signal.SIGTERM, _interrupt)
        with process:
            try:
                _read(process, lines, show)
            except KeyboardInterrupt:
                self._interrupted(process, lines, show)
                raise
            finally:
                signal.signal(signal.SIGTERM, previous)
        return process.returncode, "\n".join(lines)

    def _interrupted(
        self,
        process: "subprocess.Popen[str]",
        lines: list[str],
        show: Callable[[str], None] | None,
    ) -> None:
        """Let Pulumi end in its own time, but not for ever."""
        self.console.warn("Interrupting: Pulumi finishes what it has begun and saves its state…")
        process.send_signal(signal.SIGINT)
        overdue = threading.Timer(INTERRUPT_GRACE_SECONDS, process.kill)
        overdue.start()
        try:
            _read(process, lines, show)
            process.wait()
        finally:
            overdue.cancel()
            process.kill()

    def ensure_stack(self) -> None:
        """Create the stack in its backend unless it is there; git sees no change."""
        workspace = self.workspace
        if workspace.checkpoint.exists():
            return
        provider = workspace.settings.secrets_provider
        options = [f"--secrets-provider={provider}"] if provider else []
        if workspace.remote:
            self.run("stack", "select", workspace.stack, "--create", *options)
            return
        Path(workspace.backend.removeprefix("file://")).expanduser().mkdir(
            parents=True, exist_ok=True
        )
        self.run("stack", "init", workspace.stack, "--no-select", *options)

    @contextmanager
    def _unchanged_stack_file(self) -> Iterator[None]:
        """Put the stack file back: Pulumi writes the salt of this clone's own passphrase into it.

        Committed, it would lock every other clone out; the state holds it as well. A file that
        has a salt already is somebody's decision and left to Pulumi.
        """
        file = REPO / f"Pulumi.{self.workspace.stack}.yaml"
        before, own = file.read_bytes(), stack_file.has_salt(self.workspace.stack, REPO)
        try:
            yield
        finally:
            if not own and file.read_bytes() != before:
                file.write_bytes(before)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _interrupts_not_ignored() -> Iterator[None]:
    """Programs started here can be interrupted, even from a background job of a shell script.

    Such a job inherits ignored interrupts. Pulumi ends its plugins with one, and waits five
    seconds for each command where they ignore it.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read(
    process: "subprocess.Popen[str]", lines: list[str], show: Callable[[str], None] | None
) -> None:
    assert process.stdout is not None  # noqa: S101  opened with a pipe
    for line in process.stdout:
        text = line.rstrip()
        lines.append(text)
        if show and text:
            show(f"  {text}")


def _failure(verb: str, code: int, output: str, *, shown: bool) -> KaldraError:
    text = f"pulumi {verb} failed (exit code {code})"
    tail = "\n".join(line for line in output.splitlines() if line.strip())[-2000:]
    hint = _advice(output)
    if shown:
        return KaldraError(f"{text}; the reason is above.", hint=hint)
    return KaldraError(f"{text}:\n{tail}", hint=hint)


def _advice(output: str) -> str:
    if "incorrect passphrase" in output:
        return (
            "PULUMI_CONFIG_PASSPHRASE (or the passphrase file) is not the one this stack was made "
            "with, or its file has the encryptionsalt of another clone: take that line back."
        )
    if "the stack is currently locked" in output:
        return "Wait for the other run, or end it; a dead one's lock goes away with ./kaldra up."
    if REFUSED_ACCOUNT.search(output):
        return (
            "The registry refuses an account: kaldra:registryPush is ours, kaldra:registryPull "
            "the cluster's. pulumi config set --secret --path kaldra:registryPush.password"
        )
    return "./kaldra doctor"
