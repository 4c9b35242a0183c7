"""`./kaldra serve`: the services as processes of this machine, without Docker."""

import http.client
import sys
import time
from collections.abc import Callable, Mapping
from typing import Literal

from kaldra import dotenv
from kaldra.cli.supervisor import Program, Supervisor
from kaldra.cli.ui import Console
from kaldra.cluster.ports import require_free
from kaldra.dotenv import ApiSettings, CoreSettings
from kaldra.paths import REPO
from kaldra.stack import secrets
from kaldra.stack.settings import Settings

ATTEMPT_SECONDS = 1.0
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  compared with, never listened on
ENV_FILE = ".env"

Service = Literal["api", "core", "all"]


def run(console: Console, *, service: Service, reload: bool) -> None:
    """Run one service or both until Ctrl+C or SIGTERM; with `reload` again on each change."""
    given = dotenv.given()
    core, api = CoreSettings.load(given), ApiSettings.load(given)
    # Nothing here goes on sending requests to a service that is told to end.
    common = {} if "KALDRA_DRAIN_SECONDS" in given else {"KALDRA_DRAIN_SECONDS": "0"}
    programs = []
    if service != "api":
        require_free(core.port, "kaldra-core", "CORE_PORT", where=ENV_FILE)
        programs.append(_program("kaldra-core", "core", ("contract", "serving", "data"), common))
    if service != "core":
        require_free(api.port, "kaldra-api", "API_PORT", where=ENV_FILE)
        own = {**common, **_keys(api, console)}
        if service == "all":
            own["CORE_SERVICE_URL"] = _url(core)
            _tell_other_core(given, own["CORE_SERVICE_URL"], console)
        programs.append(_program("kaldra-api", "app", ("contract", "serving"), own))
    asked = core if service == "core" else api
    Supervisor(programs, console, reload=reload).run(_announcement(_url(asked), console))


def _program(name: str, module: str, more: tuple[str, ...], own: Mapping[str, str]) -> Program:
    return Program(
        name=name,
        command=(sys.executable, "-m", module),
        environment={"PYTHONPATH": str(REPO), **own},
        folders=[REPO / folder for folder in (module, *more)],
    )


def _keys(api: ApiSettings, console: Console) -> dict[str, str]:
    """The key that this clone's stacks use, unless keys are given or none are asked for."""
    if api.auth == "off" or api.api_keys_directory:
        return {}
    keys = secrets.api_keys(Settings(target="local"))
    console.note(f"The key of caller {', '.join(keys)} is in {secrets.dev_secrets_file()}")
    return {"KALDRA_API_KEYS_DIR": str(secrets.as_directory("api-keys", keys))}


def _tell_other_core(given: Mapping[str, str], own: str, console: Console) -> None:
    other = given.get("CORE_SERVICE_URL", own)
    if other.rstrip("/") != own:
        origin = dotenv.origin("CORE_SERVICE_URL")
        console.note(f"The gateway uses this run's core {own}, not {other} of {origin}.")


def _url(settings: CoreSettings | ApiSettings) -> str:
    host = "127.0.0.1" if settings.host in ANY_ADDRESS else settings.host
    return f"http://{host}:{settings.port}"


def _announcement(url: str, console: Console) -> Callable[[], None]:
    """What says once that the service answers, and after how long."""
    began = time.monotonic()
    told = False

    def tick() -> None:
        nonlocal told
        if not told and _ready(url.removeprefix("http://")):
            told = True
            console.note(f"{url}/ answers ({time.monotonic() - began:.1f} s). Ctrl+C ends it.")

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
