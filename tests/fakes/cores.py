"""Cores that answer, refuse, break off or are away, as functions of the request; and a real one."""

import aiohttp
import httpx2

from core.kernel import Kernel
from core.service import create_app
from core.settings import Settings
from serving.application import Service

JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}
SIGNAL = b'{"archetype":"A02_SAGE","confidence":0.75}'


def answering(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, content=SIGNAL, headers=JSON)


def away(request: httpx2.Request) -> httpx2.Response:
    raise aiohttp.ConnectionTimeoutError


def slow(request: httpx2.Request) -> httpx2.Response:
    raise TimeoutError


def crashing(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(500, text="Traceback: the-database-password")


def busy(request: httpx2.Request) -> httpx2.Response:
    error = {"code": "busy", "message": "full", "details": [], "request_id": "r"}
    return httpx2.Response(503, json={"error": error}, headers={"Retry-After": "7"})


def busy_for_ever(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(503, headers={"Retry-After": "9" * 5000})


def refusing(request: httpx2.Request) -> httpx2.Response:
    error = {"code": "validation_error", "message": "No.", "details": [{"where": "body"}]}
    return httpx2.Response(422, json={"error": error})


def something_else(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, html="<p>It works!</p>")


def breaking(request: httpx2.Request) -> httpx2.Response:
    raise aiohttp.ServerDisconnectedError


def real() -> Service:
    """The real core as an application that has started."""
    core = create_app(Settings.load({}), Kernel.load())
    core.lifecycle.started = True
    return core
