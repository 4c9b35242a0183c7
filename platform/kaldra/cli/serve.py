"""`./kaldra serve`: run the services as processes, without Docker."""

import http.client
import sys
import time
from collections.abc import Callable, Mapping

from kaldra.cli.supervisor import Program, Supervisor
from kaldra.cli.ui import Console
from kaldra.cluster.ports import require_free
from kaldra.errors import ConfigurationError
from kaldra.paths import REPO
from kaldra.stack import dotenv, secrets
from kaldra.stack.dotenv import ApiSettings
from kaldra.stack.services import API, CORE, KEYS, SERVICES, Service
from kaldra.stack.settings import Settings

ATTEMPT_SECONDS = 1.0
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  compared with, never listened on
ENV_FILE = ".env"


def run(console: Console, *, service: str, reload: bool) -> None:
    """Run one service or `all` until Ctrl+C or SIGTERM; with `reload` restart on changes."""
    chosen = [one for one in SERVICES if service in ("all", one.key)]
    if not chosen:
        raise ConfigurationError(
            f"There is no service {service!r}.", hint=f"Choose one of: {', '.join(KEYS)}, all"
        )
    given = dotenv.given()
    urls, programs = {}, []
    for one in chosen:
        settings = dotenv.settings_of(one).load(given)
        port = getattr(settings, "port")  # noqa: B009  every service's settings have one
        require_free(port, one.name, f"{one.key.upper()}_PORT", where=ENV_FILE)
        urls[one.key] = _url(settings.host, port)
        # No load balancer sends requests to a terminating service here, so none drains.
        own = {} if "KALDRA_DRAIN_SECONDS" in given else {"KALDRA_DRAIN_SECONDS": "0"}
        if one is API:
            own |= _keys(ApiSettings.load(given), console) | _core(urls, given, console)
        programs.append(_program(one, own))
    url = urls.get(API.key) or urls[chosen[0].key]
    Supervisor(programs, console, reload=reload).run(_announcement(url, console))


def _program(service: Service, own: Mapping[str, str]) -> Program:
    return Program(
        name=service.name,
        command=(sys.executable, "-m", service.package),
        environment={"PYTHONPATH": str(REPO), **own},
        folders=[REPO / folder for folder in (service.package, *service.folders)],
    )


def _keys(api: ApiSettings, console: Console) -> dict[str, str]:
    """The generated key of this clone, unless keys are configured or disabled."""
    if api.auth == "off" or api.api_keys_directory:
        return {}
    keys = secrets.api_keys(Settings(target="local"))
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
    return f"http://{'127.0.0.1' if host in ANY_ADDRESS else host}:{port}"


def _announcement(url: str, console: Console) -> Callable[[], None]:
    """A callback that prints once that the service is ready, with the start-up time."""
    began = time.monotonic()
    told = False

    def tick() -> None:
        nonlocal told
        if not told and _ready(url.removeprefix("http://")):
            told = True
            console.note(
                f"{url}/ is ready ({time.monotonic() - began:.1f} s). Press Ctrl+C to stop."
            )

    return tick


def _ready(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=ATTEMPT_SECONDS)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
