"""`./kaldra serve`: run the services as processes, without Docker."""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path

from kaldra.cli.supervisor import Program, Supervisor
from kaldra.cli.ui import Console
from kaldra.cluster.ports import require_free
from kaldra.paths import REPO
from kaldra.stack import dotenv, secrets
from kaldra.stack.services import API, CORE, SERVICES, Service, named
from kaldra.toolchain.http_request import request

ATTEMPT_SECONDS = 1.0
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  compared with, never listened on
ENV_FILE = ".env"


def run(console: Console, *, service: str, reload: bool) -> None:
    """Run one service or `all` until Ctrl+C or SIGTERM; with `reload` as its files are now."""
    chosen = SERVICES if service == "all" else (named(service, "all"),)
    given = dotenv.given()
    urls: dict[str, str] = {}
    programs: list[Program] = []
    with tempfile.TemporaryDirectory(prefix="kaldra-") as sockets:
        for one in chosen:
            settings = dotenv.settings_of(one).load(given)
            port = getattr(settings, "port")  # noqa: B009  every service's settings have one
            require_free(port, one.name, f"{one.key.upper()}_PORT", where=ENV_FILE)
            urls[one.key] = _url(settings.host, port)
            # No load balancer sends requests to a terminating service here, so none drains.
            drain = given.get("KALDRA_DRAIN_SECONDS", "0")
            environment = {"PYTHONPATH": str(REPO), "KALDRA_DRAIN_SECONDS": drain}
            if one is API:
                environment |= _keys(given, console) | _core(urls, given, console)
            programs.append(_program(one, environment, Path(sockets, one.key) if reload else None))
        url = urls.get(API.key) or urls[chosen[0].key]
        Supervisor(programs, console).run(_announcing(url, console, time.monotonic()))


def _program(service: Service, environment: Mapping[str, str], folder: Path | None) -> Program:
    """The service; with a folder under a parent that takes requests there to reload its code."""
    if not folder:
        return Program(service.name, (sys.executable, "-m", service.package), environment)
    folder.mkdir()
    options = ("--name", service.name, "--folder", str(folder))
    return Program(
        name=service.name,
        command=(sys.executable, "-m", "serving.reload", service.package, *options),
        environment=environment,
        receiver=(sys.executable, "-m", "serving.receive", str(folder)),
        folders=[REPO / name for name in (service.package, *service.folders)],
    )


def _keys(given: Mapping[str, str], console: Console) -> dict[str, str]:
    """The generated key of this clone, unless keys are configured or disabled."""
    if given.get("KALDRA_AUTH") == "off" or given.get("KALDRA_API_KEYS_DIR"):
        return {}
    keys = secrets.own_keys()
    console.note(f"API key of caller {', '.join(keys)}: {secrets.dev_secrets_file()}")
    return {"KALDRA_API_KEYS_DIR": str(secrets.as_directory("api-keys", keys))}


def _core(urls: Mapping[str, str], given: Mapping[str, str], console: Console) -> dict[str, str]:
    """The core of this run, where it has one."""
    if CORE.key not in urls:
        return {}
    own = urls[CORE.key]
    other = given.get("CORE_SERVICE_URL", own)
    if other.rstrip("/") != own:
        origin = dotenv.origin("CORE_SERVICE_URL")
        console.note(f"The gateway uses the core at {own}; {other} from {origin} is ignored.")
    return {"CORE_SERVICE_URL": own}


def _url(host: str, port: int) -> str:
    name = "127.0.0.1" if host in ANY_ADDRESS else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def _announcing(url: str, console: Console, began: float) -> Iterator[None]:
    """Wait until the service is ready, then print it, with the start-up time."""
    while not _is_ready(url):
        yield
    console.note(f"{url}/ is ready ({time.monotonic() - began:.1f} s). Press Ctrl+C to stop.")


def _is_ready(url: str) -> bool:
    try:
        return request(f"{url}/ready", timeout=ATTEMPT_SECONDS)[0] == HTTPStatus.OK
    except OSError:
        return False
