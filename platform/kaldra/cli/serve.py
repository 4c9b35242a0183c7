"""`./kaldra serve`: run the services as processes, without Docker."""

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
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
    environments: list[tuple[Service, dict[str, str]]] = []
    for one in chosen:
        settings = dotenv.settings_of(one).load(given)
        port = getattr(settings, "port")  # noqa: B009  every service's settings have one
        require_free(port, one.name, f"{one.key.upper()}_PORT", where=ENV_FILE)
        urls[one.key] = _url(settings.host, port)
        # No load balancer sends requests to a terminating service here, so none drains.
        own = {} if "KALDRA_DRAIN_SECONDS" in given else {"KALDRA_DRAIN_SECONDS": "0"}
        if one is API:
            own |= _keys(given, console) | _core(urls, given, console)
        environments.append((one, {"PYTHONPATH": str(REPO), **own}))
    url = urls.get(API.key) or urls[chosen[0].key]
    program = _reloadable if reload else _program
    with tempfile.TemporaryDirectory(prefix="kaldra-") as sockets:
        programs = [program(*each, Path(sockets)) for each in environments]
        Supervisor(programs, console).run(_announcement(url, console))


def _program(service: Service, environment: Mapping[str, str], _: Path) -> Program:
    return Program(service.name, (sys.executable, "-m", service.package), environment)


def _reloadable(service: Service, environment: Mapping[str, str], sockets: Path) -> Program:
    """The service under a parent that reloads its code, and takes requests in `sockets`."""
    home = sockets / service.key
    home.mkdir()
    options = ("--name", service.name, "--folder", str(home))
    return Program(
        name=service.name,
        command=(sys.executable, "-m", "serving.reload", service.package, *options),
        environment=environment,
        receiver=(sys.executable, "-m", "serving.receive", str(home)),
        folders=[REPO / folder for folder in (service.package, *service.folders)],
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


def _announcement(url: str, console: Console) -> Callable[[], None]:
    """A callback that prints once that the service is ready, with the start-up time."""
    began = time.monotonic()
    told = False

    def tick() -> None:
        nonlocal told
        if not told and _ready(url):
            told = True
            console.note(
                f"{url}/ is ready ({time.monotonic() - began:.1f} s). Press Ctrl+C to stop."
            )

    return tick


def _ready(url: str) -> bool:
    try:
        return request(f"{url}/ready", timeout=ATTEMPT_SECONDS)[0] == HTTPStatus.OK
    except OSError:
        return False
