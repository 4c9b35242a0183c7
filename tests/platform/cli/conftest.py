import signal
from unittest.mock import Mock

import pytest

from kaldra.cli import releases
from kaldra.cli.app import app
from kaldra.cli.pulumi import Deployment, Pulumi
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


class History:
    """Entries of one stack, as updates were made one after the other."""

    def __init__(self):
        self.entries = []
        self.images = {}

    def add(
        self, images="", kind="update", *, result="succeeded", commit="", text=None, **settings
    ):
        """One more operation; `images` are the digests' first letters, of api and core."""
        config = {
            f"kaldra:{key}": {"value" if isinstance(value, str) else "objectValue": value}
            for key, value in settings.items()
        }
        told = {
            "kind": kind,
            "result": result,
            "version": 0,
            "endTime": "2026-11-22T21:58:00.000Z",
            "environment": {"git.head": commit} if commit else {},
            "config": {**config, "kaldra:apiKeys": {"secret": True}},
            "message": releases.message(self.images) if text is None else text,
        }
        self.entries.insert(0, told)
        if images and result == "succeeded":
            pairs = zip(("api", "core"), images, strict=True)
            self.images = {name: f"r/{name}@sha256:{x * 64}" for name, x in pairs}

    @property
    def updates(self):
        pulumi = Mock(spec=Pulumi, **{"read.return_value": self.entries})
        outputs = {f"{name}Image": image for name, image in self.images.items()}
        stack = {"type": "pulumi:pulumi:Stack", "outputs": outputs}
        return releases.updates(pulumi, Deployment([stack]))


@pytest.fixture
def history():
    return History()
