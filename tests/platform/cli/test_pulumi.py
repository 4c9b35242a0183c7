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
def pulumi(tmp_path, state, monkeypatch, said):
    """A Pulumi whose program is the shell script that a test writes."""
    monkeypatch.setattr(module, "REPO", tmp_path)
    variables = {"CLONE": "x", "KALDRA_PULUMI": str(state / "bin/pulumi")}
    return Pulumi(Workspace("try", Settings(target="dev")), variables, Console(said))


@pytest.fixture
def script(state):
    """Writes that script."""
    return lambda text: program(state / "bin/pulumi", text)


def test_what_is_shown_comes_line_by_line(pulumi, script, said):
    script('echo "$@"; echo $CLONE')
    pulumi.show("preview", "--diff")
    command = r"preview --stack try --diff --client=127.0.0.1:\d+ --non-interactive --color never"
    assert re.fullmatch(f"  {command}\n  x\n", said.getvalue())


DOCUMENT = """cat <<'E'
{"steps": [], "diagnostics": [{"severity": "info", "message": "x"},
{"severity": "error", "message": "error: the cluster is away\\n"}]}
E"""


@pytest.mark.parametrize(
    ("verb", "text", "told", "hint"),
    [
        ("refresh", DOCUMENT, ":\nerror: the cluster is away", "$"),
        ("stack init", "echo no >&2", ":\nno", "$"),
        ("up", "echo error: incorrect passphrase", "; the reason is above.", "PULUMI_CONFIG_PASS"),
        ("up", "echo unauthorized: x >&2", ":\nunauthorized: x", "The registry refuses an account"),
    ],
)
def test_a_command_that_fails_is_told_in_its_own_words(pulumi, script, verb, text, told, hint):
    script(f"{text}\nexit 3")
    with pytest.raises(KaldraError) as caught:
        pulumi.read(*verb.split(), "--json")
    assert str(caught.value) == f"pulumi {verb} failed (exit code 3){told}"
    assert re.match(hint, caught.value.hint)


LOCKED = (
    "error: the stack is currently locked by 1 lock(s).\n"
    "  s3://states/.pulumi/locks/x.json: created by ana@{host} (pid {pid}) at 2026-11-29T01:00:00Z"
)


def locked(mark, pid, host):
    """A Pulumi that reports a lock until it is told to cancel."""
    words = LOCKED.format(pid=pid, host=host)
    return f"""[ "$1" = cancel ] && touch {mark} && exit; [ -e {mark} ] && echo '"done"' && exit
    echo "{words}" >&2; exit 1"""


def test_a_reused_process_id_is_not_taken_for_pulumi(pulumi, script, tmp_path):
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        script(locked(tmp_path / "cancelled", process.pid, socket.gethostname()))
        assert pulumi.read("stack", "export") == "done"
        process.kill()


def test_another_machines_lock_is_never_removed(pulumi, script, tmp_path):
    script(locked(mark := tmp_path / "cancelled", os.getpid(), "elsewhere"))
    with pytest.raises(KaldraError, match="ana@elsewhere") as caught:
        pulumi.run("up")
    assert "pulumi cancel --yes" in caught.value.hint
    assert not mark.exists()


@pytest.mark.usefixtures("interruptible")
def test_a_background_job_hands_no_ignored_interrupts_on(pulumi, script):
    """Pulumi would wait five seconds for plugins that ignore its interrupt."""
    script("""sed -n 's/SigIgn:.\\(.*\\)/"\\1"/p' /proc/self/status""")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ignored = int(pulumi.read("up"), 16)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert not ignored & 1 << signal.SIGINT - 1


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("number", "raised"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit), (signal.SIGHUP, SystemExit)],
)
def test_a_signal_reaches_pulumi_which_ends_in_its_own_time(
    pulumi, script, tmp_path, monkeypatch, number, raised
):
    script("trap 'echo it is >saved; exit 1' INT; echo started; while :; do sleep 0.01; done")
    if raised is SystemExit:  # as the command line does
        signal.signal(number, lambda received, _: sys.exit(128 + received))

    def interrupt(_console, line):
        if "started" in line:
            signal.raise_signal(number)

    monkeypatch.setattr(Console, "raw", interrupt)
    with pytest.raises(raised):
        pulumi.show("up")
    assert (tmp_path / "saved").read_text() == "it is\n"
