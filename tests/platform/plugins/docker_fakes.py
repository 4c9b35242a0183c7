"""A Docker Engine, a registry and a docker client that exist in the test alone."""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

HEALTHY = {"Status": "healthy", "Log": []}
STARTING = {"Status": "starting", "Log": []}


class FakeEngine:
    """Keeps containers, networks and images as the engine describes them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, str], Any]] = []
        self.containers: dict[str, dict[str, Any]] = {}
        self.networks: dict[str, dict[str, Any]] = {"bridge": {"Id": "bridge", "Name": "bridge"}}
        self.images: dict[str, dict[str, Any]] = {}
        self.refusals: dict[str, tuple[int, str]] = {}
        self.health: dict[str, Any] = dict(HEALTHY)
        self.state: dict[str, Any] = {"Status": "running", "Running": True, "ExitCode": 0}
        self.probe_exit = 1
        self.pushes: list[dict[str, Any]] = []
        self.registry: FakeRegistry | None = None
        self.headers: Mapping[str, str] = {}
        self.made = 0

    def add_image(self, *names: str, id_: str, digests: tuple[str, ...] = ()) -> None:
        for name in (*names, id_):
            self.images[name] = {"Id": id_, "RepoDigests": list(digests)}

    def asked(self, method: str, ending: str) -> list[tuple[dict[str, str], Any]]:
        """Query and body of every call like this, oldest first."""
        return [(q, b) for m, path, q, b in self.calls if m == method and path.endswith(ending)]

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.calls.append((method, path, query, body))
        for ending, refusal in self.refusals.items():
            if path.endswith(ending):
                return refusal[0], {"message": refusal[1]}
        kind, _, rest = path.strip("/").partition("/")
        status, content = getattr(self, f"_{kind}")(method, rest, query, body)
        return status, content

    def _images(self, method: str, rest: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if rest.endswith("/push"):
            if self.registry is not None:
                self.registry.take(rest.removesuffix("/push"), query["tag"], self.pushes)
            return 200, self.pushes
        if rest == "create":
            self.add_image(query["fromImage"], id_="sha256:pulled")
            return 200, [{"status": "Pulling"}]
        found = self.images.get(unquote(rest.removesuffix("/json")))
        return (200, found) if found else (404, {"message": "no such image"})

    def _networks(self, method: str, rest: str, query: dict[str, str], body: Any) -> Any:
        name, _, action = rest.partition("/")
        if rest == "create":
            if body["Name"] in self.networks:
                return 409, {"message": f"network with name {body['Name']} already exists"}
            id_ = f"net-{body['Name']}"
            made = {**body, "Id": id_, "Scope": "local", "Containers": {}}
            made["IPAM"]["Config"] = made["IPAM"]["Config"] or [{"Subnet": "10.9.0.0/16"}]
            self.networks[body["Name"]] = made
            return 201, {"Id": id_}
        found = next((n for n in self.networks.values() if name in (n["Id"], n["Name"])), None)
        if found is None:
            return 404, {"message": f"network {name} not found"}
        if action:
            joined = self.containers[body["Container"]]["NetworkSettings"]["Networks"]
            if action == "disconnect":
                joined.pop(found["Name"], None)
            else:
                joined[found["Name"]] = {"NetworkID": found["Id"], "IPAddress": "10.9.0.2"}
        elif method == "DELETE":
            del self.networks[found["Name"]]
            return 204, None
        return 200, found

    def _containers(self, method: str, rest: str, query: dict[str, str], body: Any) -> Any:
        if rest == "create":
            return self._create(query["name"], body)
        if rest == "json":
            return 200, [{"Names": [c["Name"]]} for c in self.containers.values()]
        name, _, action = rest.partition("/")
        found = next(
            (c for c in self.containers.values() if name in (c["Id"], c["Name"].strip("/"))), None
        )
        if found is None:
            return 404, {"message": f"No such container: {name}"}
        if method == "DELETE":
            del self.containers[found["Id"]]
            return 204, None
        return self._act(found, action, body)

    def _act(self, found: dict[str, Any], action: str, body: Any) -> tuple[int, Any]:
        if action == "start":
            found["State"] = {**self.state, "Health": self.health} if self.health else self.state
        if action == "stop":
            found["State"] = {"Status": "exited", "Running": False, "ExitCode": 137}
        if action == "update":
            found["HostConfig"].update(body)
        if action == "logs":
            line = b"Traceback: no such table\n"
            return 200, b"\x01\0\0\0" + len(line).to_bytes(4, "big") + line
        if action == "exec":
            return 201, {"Id": "probe"}
        return 200, found

    def _create(self, name: str, body: Any) -> tuple[int, Any]:
        if any(c["Name"] == f"/{name}" for c in self.containers.values()):
            return 409, {"message": f"The container name /{name} is already in use"}
        self.made += 1
        id_ = f"id-{self.made}"
        host = body.pop("HostConfig")
        self.containers[id_] = {
            "Id": id_,
            "Name": f"/{name}",
            "Image": self.images[body["Image"]]["Id"],
            "Config": body,
            "HostConfig": host,
            "State": {"Status": "created", "Running": False, "ExitCode": 0},
            "NetworkSettings": {"Networks": {"bridge": {"NetworkID": "bridge"}}},
        }
        return 201, {"Id": id_}

    def _exec(self, method: str, rest: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, {"Running": False, "ExitCode": self.probe_exit}


class FakeRegistry:
    """Serves the digests it was given, by digest and by tag."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.manifests: dict[str, str] = {}

    def take(self, repository: str, tag: str, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            digest = message.get("aux", {}).get("Digest")
            if digest:
                name = repository.removeprefix(f"{self.address}/")
                self.manifests |= {f"{name}/{tag}": digest, f"{name}/{digest}": digest}


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's
        pass

    def send(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(b"" if self.command == "HEAD" else content)


class _UnixServer(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@contextmanager
def _serve(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def engine_at(socket: Path) -> Iterator[FakeEngine]:
    """A fake engine listening on a unix socket."""
    engine = FakeEngine()

    class Handler(_Quiet):
        def address_string(self) -> str:
            return "test"

        def respond(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            engine.headers = dict(self.headers)
            status, answer = engine.answer(self.command, unquote(parts.path), query, body)
            if isinstance(answer, list) and not parts.path.endswith("/containers/json"):
                content = b"".join(json.dumps(line).encode() + b"\n" for line in answer)
            elif isinstance(answer, bytes):
                content = answer
            else:
                content = json.dumps(answer).encode()
            if status == 204:
                content = b""
            self.send(status, content)

        do_GET = do_POST = do_DELETE = respond  # noqa: N815  the base class's

    with _serve(_UnixServer(str(socket), Handler)):
        yield engine


@contextmanager
def registry() -> Iterator[FakeRegistry]:
    """A fake registry on a port of its own."""
    served = FakeRegistry("")

    class Handler(_Quiet):
        def do_HEAD(self) -> None:
            key = self.path.removeprefix("/v2/").replace("/manifests", "")
            digest = served.manifests.get(key)
            if digest:
                self.send(200, b"", Docker_Content_Digest=digest)
            else:
                self.send(404, b"")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"localhost:{server.server_address[1]}"
    with _serve(server):
        yield served


CLIENT = """#!/bin/sh
printf '%s\\n' "$@" > "{folder}/arguments"
env > "{folder}/environment"
echo "$$" > "{folder}/pid"
while [ $# -gt 0 ]; do [ "$1" = --iidfile ] && id_file=$2; shift; done
. "{folder}/behaviour"
"""

BUILDS = """
echo '#5 [1/2] COPY app app' >&2
echo '#5 DONE 0.1s' >&2
printf sha256:built > "$id_file"
"""


class FakeClient:
    """A docker client on PATH that does what its `behaviour` (shell) says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "docker"
        program.write_text(CLIENT.format(folder=folder))
        program.chmod(0o755)
        self.behave(BUILDS)

    def behave(self, script: str) -> None:
        (self.folder / "behaviour").write_text(script)

    @property
    def arguments(self) -> list[str]:
        return (self.folder / "arguments").read_text().splitlines()

    @property
    def environment(self) -> dict[str, str]:
        lines = (self.folder / "environment").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    @property
    def built(self) -> bool:
        """Whether it was run since the last time this was asked."""
        ran = (self.folder / "arguments").exists()
        (self.folder / "arguments").unlink(missing_ok=True)
        return ran
