from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.factory import create_app
from app.settings import Settings
from tests.fakes.transports import InProcess

KEYS = {"front-end": "front-end-key-0123456789", "batch-job": "batch-job-key-0123456789"}
KEY = {"X-API-Key": KEYS["front-end"]}

Gateway = Callable[..., TestClient]
Core = FastAPI | Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture
def keys_directory(tmp_path: Path) -> Path:
    """Keys as Kubernetes mounts them: files beside its own entries with dots."""
    directory = tmp_path / "keys"
    (directory / "..data").mkdir(parents=True)
    for name, key in KEYS.items():
        (directory / name).write_text(f"{key}\n")
    return directory


@pytest.fixture
def settings(keys_directory: Path) -> Settings:
    return Settings.load({"KALDRA_API_KEYS_DIR": str(keys_directory)})


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    """Makes gateways to a function or an application: `gateway(core, KALDRA_RATE_LIMIT="1")`."""
    with ExitStack() as running:

        def make(core: Core, **environment: str) -> TestClient:
            application = isinstance(core, FastAPI)
            transport = httpx2.ASGITransport(core) if application else httpx2.MockTransport(core)
            changed = Settings.load(
                {"KALDRA_API_KEYS_DIR": str(settings.api_keys_directory), **environment}
            )
            app = create_app(changed, InProcess(transport))
            return running.enter_context(TestClient(app, raise_server_exceptions=False))

        yield make
