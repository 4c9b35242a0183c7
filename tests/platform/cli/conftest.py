import signal

import pytest

from kaldra.cli.app import app
from kaldra.cli.ui import Console


@pytest.fixture
def verb(monkeypatch):
    """Runs a verb in this process; the stack of messages is as before afterwards."""
    monkeypatch.setattr(Console, "stack", Console.stack)
    return lambda *words: app(list(words))


@pytest.fixture
def interruptible():
    """Signals as on a terminal: in a shell's background job, interrupts are ignored."""
    usual = {signal.SIGINT: signal.default_int_handler}
    usual |= dict.fromkeys((signal.SIGTERM, signal.SIGHUP), signal.SIG_DFL)
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def state(tmp_path, monkeypatch):
    """A KALDRA_STATE of the test's own: its folder itself."""
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path))
    return tmp_path
