import signal
import sys

import pytest

from kaldra.cli import pulumi as module
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    """A Pulumi whose program is the shell script that a test writes."""
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(module, "REPO", tmp_path)
    (tmp_path / "Pulumi.try.yaml").write_text("config: {}\n")
    (tmp_path / "state/bin").mkdir(parents=True)
    variables = {"CLONE": "x", "KALDRA_PULUMI": str(tmp_path / "state/bin/pulumi")}
    return Pulumi(Workspace("try", Settings(target="dev")), variables, Console(quiet=True))


def script(tmp_path, text):
    program = tmp_path / "state/bin/pulumi"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


def test_output_is_returned_and_each_line_shown(pulumi, tmp_path):
    script(tmp_path, 'echo "$@"; echo $CLONE')
    shown = []
    output = pulumi.run("up", show=shown.append)
    assert output == "up --non-interactive --color never\nx"
    assert shown == ["  up --non-interactive --color never", "  x"]


def test_a_callers_confirmation_is_not_mixed_with_the_verbs_own(pulumi, tmp_path, monkeypatch):
    monkeypatch.setenv("PULUMI_SKIP_CONFIRMATIONS", "true")
    script(tmp_path, 'echo "${PULUMI_SKIP_CONFIRMATIONS-unset}"')
    assert pulumi.run("refresh") == "unset"


def test_a_hidden_run_fails_with_its_own_words(pulumi, tmp_path):
    script(tmp_path, "echo error: no such thing; exit 255")
    with pytest.raises(
        KaldraError, match=r"pulumi stack init failed \(exit code 255\):\nerror: no"
    ):
        pulumi.run("stack", "init")


def test_a_wrong_passphrase_is_explained(pulumi, tmp_path):
    script(tmp_path, "echo error: incorrect passphrase; exit 1")
    with pytest.raises(KaldraError) as caught:
        pulumi.run("up")
    assert "PULUMI_CONFIG_PASSPHRASE" in caught.value.hint


def test_a_registry_that_refuses_an_account_is_explained(pulumi, tmp_path):
    script(tmp_path, "echo 'Pushing x failed: unauthorized: authentication required'; exit 1")
    with pytest.raises(KaldraError) as caught:
        pulumi.run("up")
    assert "kaldra:registryPush" in caught.value.hint


def test_the_stack_file_in_git_stays_as_it_was_even_when_a_run_fails(pulumi, tmp_path):
    script(tmp_path, "echo encryptionsalt: v1:abc >> Pulumi.try.yaml; exit 1")
    with pytest.raises(KaldraError):
        pulumi.run("up")
    assert (tmp_path / "Pulumi.try.yaml").read_text() == "config: {}\n"


def test_a_stack_file_with_a_salt_of_its_own_is_left_to_pulumi(pulumi, tmp_path):
    (tmp_path / "Pulumi.try.yaml").write_text("encryptionsalt: v1:old\n")
    script(tmp_path, "echo '# more' >> Pulumi.try.yaml")
    pulumi.run("config")
    assert (tmp_path / "Pulumi.try.yaml").read_text() == "encryptionsalt: v1:old\n# more\n"


def test_a_background_job_hands_no_ignored_interrupts_on(pulumi, tmp_path):
    """Pulumi would wait five seconds for plugins that ignore its interrupt."""
    script(tmp_path, "grep SigIgn /proc/self/status")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ignored = int(pulumi.run("up").split()[1], 16)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
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


@pytest.fixture
def interruptible():
    """As on a terminal: a shell starts background jobs with interrupts ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_reaches_pulumi_which_ends_in_its_own_time(pulumi, tmp_path):
    program = tmp_path / "state/bin/pulumi"
    program.write_text(WAITS_FOR_INTERRUPT)
    program.chmod(0o755)

    def interrupt(line):
        if "started" in line:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        pulumi.run("up", show=interrupt)
    assert (tmp_path / "saved").read_text() == "saved"
