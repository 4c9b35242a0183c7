"""Pulumi as a script of the test's own; tests/e2e/test_18_state.py has the real one."""

import io
import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from kaldra.cli import pulumi as module
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings
from tests.fakes.programs import program


@pytest.fixture
def said():
    return io.StringIO()


@pytest.fixture
def pulumi(tmp_path, monkeypatch, said):
    """A Pulumi whose program is the shell script that a test writes."""
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(module, "REPO", tmp_path)
    variables = {"CLONE": "x", "KALDRA_PULUMI": str(tmp_path / "state/bin/pulumi")}
    return Pulumi(Workspace("try", Settings(target="dev")), variables, Console(said))


def script(tmp_path, text):
    program(tmp_path / "state/bin/pulumi", text)


def test_what_is_shown_comes_line_by_line(pulumi, tmp_path, said):
    script(tmp_path, 'echo "$@"; echo $CLONE')
    pulumi.show("preview", "--diff")
    command = r"preview --stack try --diff --client=127.0.0.1:\d+ --non-interactive --color never"
    assert re.fullmatch(f"  {command}\n  x\n", said.getvalue())


def test_a_failed_document_is_told_by_its_errors_and_without_a_hint_that_does_not_help(
    pulumi, tmp_path
):
    document = """{"steps": [], "diagnostics": [{"severity": "info", "message": "x"},
    {"severity": "error", "message": "error: the cluster is away\\n"}]}"""
    script(tmp_path, f"cat <<'E'\n{document}\nE\nexit 1")
    with pytest.raises(KaldraError) as raised:
        pulumi.read("refresh", "--json")
    assert str(raised.value) == "pulumi refresh failed (exit code 1):\nerror: the cluster is away"
    assert raised.value.hint == ""


def test_a_command_that_fails_is_reported_with_its_own_words(pulumi, tmp_path):
    script(tmp_path, "echo error: no such bucket >&2; exit 255")
    with pytest.raises(KaldraError, match=r"stack init failed \(exit code 255\):\nerror: no"):
        pulumi.run("stack", "init")
    with pytest.raises(KaldraError, match="no such bucket"):
        pulumi.deployment()


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("error: incorrect passphrase", "PULUMI_CONFIG_PASSPHRASE"),
        ("Pushing x failed: unauthorized: authentication required", "kaldra:registry.push"),
    ],
)
def test_a_failure_with_a_known_cause_has_its_own_hint(pulumi, tmp_path, words, hint):
    for stream in ("", ">&2"):
        script(tmp_path, f"echo '{words}' {stream}; exit 1")
        with pytest.raises(KaldraError) as caught:
            pulumi.show("up")
        assert hint in caught.value.hint


LOCKED = (
    "error: the stack is currently locked by 1 lock(s).\n"
    "  s3://states/.pulumi/locks/x.json: created by ana@{host} (pid {pid}) at 2026-11-29T01:00:00Z"
)


def locked(tmp_path, pid, host=None):
    """A Pulumi that reports a lock until it is told to cancel."""
    words = LOCKED.format(pid=pid, host=host or socket.gethostname())
    mark = tmp_path / "cancelled"
    script(
        tmp_path,
        f"""[ "$1" = cancel ] && touch {mark} && exit; [ -e {mark} ] && echo '"done"' && exit
        echo "{words}" >&2; exit 1""",
    )
    return mark


def test_a_reused_process_id_is_not_taken_for_pulumi(pulumi, tmp_path):
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        locked(tmp_path, process.pid)
        assert pulumi.read("stack", "export") == "done"
        process.kill()


def test_another_machines_lock_is_never_removed(pulumi, tmp_path):
    mark = locked(tmp_path, os.getpid(), host="elsewhere")
    with pytest.raises(KaldraError, match="ana@elsewhere") as caught:
        pulumi.run("up")
    assert "pulumi cancel --yes" in caught.value.hint
    assert not mark.exists()


@pytest.mark.usefixtures("interruptible")
def test_a_background_job_hands_no_ignored_interrupts_on(pulumi, tmp_path):
    """Pulumi would wait five seconds for plugins that ignore its interrupt."""
    script(tmp_path, """sed -n 's/SigIgn:.\\(.*\\)/"\\1"/p' /proc/self/status""")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ignored = int(pulumi.read("up"), 16)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert not ignored & 1 << signal.SIGINT - 1


WAITS_FOR_INTERRUPT = f"""#!{sys.executable}
import pathlib, signal, sys

def end(*_):
    pathlib.Path("saved").write_text("saved")
    sys.exit(1)

signal.signal(signal.SIGINT, end)
print("started", flush=True)
signal.pause()
"""


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("number", "raised"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit), (signal.SIGHUP, SystemExit)],
)
def test_a_signal_reaches_pulumi_which_ends_in_its_own_time(
    pulumi, tmp_path, monkeypatch, number, raised
):
    script(tmp_path, WAITS_FOR_INTERRUPT)
    if raised is SystemExit:  # as the command line does
        signal.signal(number, lambda received, _: sys.exit(128 + received))

    def interrupt(_console, line):
        if "started" in line:
            signal.raise_signal(number)

    monkeypatch.setattr(Console, "raw", interrupt)
    with pytest.raises(raised):
        pulumi.show("up")
    assert (tmp_path / "saved").read_text() == "saved"
