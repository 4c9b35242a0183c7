"""A small API server that keeps what matters here as the real one does.

Server-side apply with field ownership and conflicts, dry runs, immutable fields, defaults and
quantities in the server's own spelling, namespaces that have to exist, deletions that take time.
Lists whose elements have names are merged by name, other lists are replaced whole.
"""

import copy
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]
Fields = dict[tuple[str, ...], Any]

_PATH = re.compile(
    r"/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?(?:/(?P<plural>[a-z]+)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<sub>log))?)?)?"
)
_IMMUTABLE = {
    "deployments": (("spec", "selector"),),
    "services": (("spec", "clusterIP"),),
    "serviceaccounts": (("automountServiceAccountToken",),),  # no such rule: stands in for one
}
_MEBI = re.compile(r"(\d+)Mi")


class RefusedError(Exception):
    def __init__(
        self, code: int, reason: str, message: str, causes: list[dict[str, str]] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.body: dict[str, Any] | str = "404 page not found\n"
        if reason:
            self.body = {
                "kind": "Status",
                "reason": reason,
                "message": message,
                "details": {"causes": causes or []},
            }


class Cluster:
    """State of the server; tests put objects in and look at them."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.logs: dict[tuple[str, bool], str] = {}
        self.requests: list[str] = []
        self.warnings: list[str] = []
        self.controller: Callable[[str, Object], None] = lambda _plural, _obj: None
        """Called after each write, as the controllers would act on it."""
        self.polls_until_gone = 2
        self.url = ""
        self._version = 0
        self._lock = threading.RLock()

    def add(self, plural: str, obj: Object) -> Object:
        metadata = obj.setdefault("metadata", {})
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata.setdefault("creationTimestamp", _now())
        metadata.setdefault("managedFields", [])
        self._touch(obj)
        self.objects[plural, metadata.get("namespace", ""), metadata["name"]] = obj
        return obj

    def get(self, plural: str, id_: str) -> Object:
        namespace, _, name = id_.rpartition("/")
        return self.objects[plural, namespace, name]

    def edit(self, plural: str, id_: str, value: Object, manager: str) -> None:
        """Change fields as somebody else would, taking them over."""
        obj = self.get(plural, id_)
        self._own(obj, manager, "Update", _flat(value), force=True)
        _merge(obj, value)
        self._touch(obj)

    def writes(self) -> list[str]:
        return [request for request in self.requests if not request.startswith("GET")]

    def handle(self, method: str, url: str, body: Any) -> Any:
        with self._lock:
            parts = urlsplit(url)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            if parts.path.startswith("/apis/monitoring.coreos.com/"):
                raise RefusedError(404, "", "")
            match = _PATH.fullmatch(parts.path)
            assert match, url
            namespace, plural, name = match["namespace"] or "", match["plural"], match["name"]
            if plural is None:
                namespace, plural, name = "", "namespaces", match["namespace"]
            dry = "(dry run)" if "dryRun" in query else ""
            self.requests.append(" ".join(filter(None, (method, plural, name, dry))))
            if match["sub"]:
                return self.logs.get((query["container"], query["previous"] == "true"), "")
            return getattr(self, f"_{method.lower()}")((plural, namespace, name), query, body)

    def _get(self, key: tuple[str, str, str], query: Object, _body: Any) -> Object:
        plural, namespace, name = key
        if name is not None:
            obj = self._there(key)
            if "deletionTimestamp" in obj["metadata"]:
                obj["polls"] = obj.get("polls", 0) + 1
                if obj["polls"] >= self.polls_until_gone:
                    del self.objects[key]
            return obj
        wanted = dict(s.split("=") for s in query.get("labelSelector", "").split(",") if s)
        involved = re.search(r"involvedObject.name=([^,]+)", query.get("fieldSelector", ""))
        found = [
            obj
            for (p, n, _), obj in self.objects.items()
            if (p, n) == (plural, namespace)
            and wanted.items() <= obj["metadata"].get("labels", {}).items()
            and (not involved or obj["involvedObject"]["name"] == involved[1])
        ]
        return {"items": found}

    def _post(self, key: tuple[str, str, str], query: Object, body: Object) -> Object:
        key = (*key[:2], body["metadata"]["name"])
        if key in self.objects:
            raise RefusedError(409, "AlreadyExists", f'{key[0]} "{key[2]}" already exists')
        return self._write(key, copy.deepcopy(body), None, query, "Update")

    def _patch(self, key: tuple[str, str, str], query: Object, body: Any) -> Object:
        before = self.objects.get(key)
        if isinstance(body, list):
            obj = self._there(key)
            for operation in body:
                if operation["path"] == "/metadata/resourceVersion":
                    assert operation["value"] == obj["metadata"]["resourceVersion"]
                else:
                    assert operation["path"] == "/metadata/managedFields"
                    obj["metadata"]["managedFields"] = operation["value"]
            return obj
        return self._write(key, body, before, query, "Apply")

    def _delete(self, key: tuple[str, str, str], _query: Object, body: Object) -> Object:
        obj = self._there(key)
        obj["metadata"]["deletionTimestamp"] = _now()
        obj["propagation"] = body["propagationPolicy"]
        return obj

    def _write(
        self,
        key: tuple[str, str, str],
        given: Object,
        before: Object | None,
        query: Object,
        operation: str,
    ) -> Object:
        plural, namespace, name = key
        if namespace and ("namespaces", "", namespace) not in self.objects:
            raise RefusedError(404, "NotFound", f'namespaces "{namespace}" not found')
        if name != name.lower():
            cause = {"field": "metadata.name", "message": "must be lower case"}
            raise RefusedError(
                422, "Invalid", f"{name}: metadata.name: must be lower case", [cause]
            )
        obj = copy.deepcopy(before) if before else {"metadata": {"managedFields": []}}
        fields = {
            path: value
            for path, value in _flat(given).items()
            if path[0] not in {"apiVersion", "kind"}
            and path[:2] not in {("metadata", "name"), ("metadata", "namespace")}
        }
        dropped = self._own(
            obj, query["fieldManager"], operation, fields, force=query.get("force") == "true"
        )
        for path in dropped:
            _remove(obj, path)
        _merge(obj, given)
        _default(plural, obj)
        if before:
            _check_immutable(plural, before, obj)
        else:
            obj["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": _now()}
        if before is None or before.get("spec") != obj.get("spec"):
            metadata = obj["metadata"]
            metadata["generation"] = metadata.get("generation", 0) + 1
        self._touch(obj)
        if "dryRun" not in query:
            self.objects[key] = obj
            self.controller(plural, obj)
        return obj

    def _own(
        self, obj: Object, manager: str, operation: str, fields: Fields, *, force: bool
    ) -> set[tuple[str, ...]]:
        """Record who holds what; returns the fields that nobody holds any more."""
        entries = obj["metadata"]["managedFields"]
        current = _flat(obj)
        held: set[tuple[str, ...]] = set()
        conflicts = []
        mine = None
        for entry in entries:
            theirs = set(_paths(entry["fieldsV1"]))
            if (entry["manager"], entry["operation"]) == (manager, operation):
                mine = entry
                continue
            conflicts += [
                (entry, path)
                for path in theirs & fields.keys()
                if current.get(path) != fields[path]
            ]
            held |= theirs
        if conflicts and not force:
            causes = [
                {
                    "reason": "FieldManagerConflict",
                    "message": f'conflict with "{entry["manager"]}" using v1',
                    "field": "." + ".".join(path),
                }
                for entry, path in conflicts
            ]
            raise RefusedError(409, "Conflict", f"Apply failed with {len(causes)} conflict", causes)
        for entry, path in conflicts:
            entry["fieldsV1"] = _tree(set(_paths(entry["fieldsV1"])) - {path})
        before = set(_paths(mine["fieldsV1"])) if mine else set()
        if mine is None:
            mine = {"manager": manager, "operation": operation, "fieldsType": "FieldsV1"}
            entries.append(mine)
        mine["fieldsV1"] = _tree(set(fields))
        return before - fields.keys() - held

    def _there(self, key: tuple[str, str, str]) -> Object:
        if key not in self.objects:
            raise RefusedError(404, "NotFound", f'{key[0]} "{key[2]}" not found')
        return self.objects[key]

    def _touch(self, obj: Object) -> None:
        self._version += 1
        obj["metadata"]["resourceVersion"] = str(self._version)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(
        isinstance(element, dict) and "name" in element for element in value
    )  # fmt: skip


def _flat(value: Any, path: tuple[str, ...] = ()) -> Fields:
    if isinstance(value, dict) and (value or not path):
        children = list(value.items())
    elif _named(value):
        children = [(f"[name={element['name']}]", element) for element in value]
    else:
        return {path: value}
    return {p: v for key, child in children for p, v in _flat(child, (*path, key)).items()}


def _tree(paths: set[tuple[str, ...]]) -> Object:
    root: Object = {}
    for path in sorted(paths):
        node = root
        for part in path:
            node = node.setdefault(f"f:{part}", {})
    return root


def _paths(tree: Object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for prefixed, child in tree.items():
        key = prefixed.removeprefix("f:")
        if child:
            yield from _paths(child, (*path, key))
        else:
            yield (*path, key)


def _merge(target: Object, value: Object) -> None:
    for key, child in value.items():
        if isinstance(child, dict) and isinstance(target.get(key), dict):
            _merge(target[key], child)
        elif _named(child) and _named(target.get(key)):
            by_name = {element["name"]: element for element in target[key]}
            for element in child:
                _merge(by_name.setdefault(element["name"], {}), element)
            target[key] = list(by_name.values())
        else:
            target[key] = copy.deepcopy(child)


def _remove(obj: Any, path: tuple[str, ...]) -> None:
    *parents, last = path
    for part in parents:
        if isinstance(obj, list):
            obj = next((e for e in obj if f"[name={e['name']}]" == part), {})
        else:
            obj = obj.get(part, {})
    if isinstance(obj, dict):
        obj.pop(last, None)


def _default(plural: str, obj: Object) -> None:
    spec = obj.setdefault("spec", {}) if plural in {"deployments", "services"} else {}
    if plural == "deployments":
        spec.setdefault("replicas", 1)
        pod = spec.get("template", {}).get("spec", {})
        if pod.get("hostNetwork") is False:
            del pod["hostNetwork"]
        for container in pod.get("containers", []):
            container.setdefault("imagePullPolicy", "IfNotPresent")
            for amounts in container.get("resources", {}).values():
                for key, amount in amounts.items():
                    amounts[key] = _quantity(amount)
    if plural == "services":
        spec.setdefault("type", "ClusterIP")
        spec.setdefault("clusterIP", f"10.0.0.{uuid.uuid4().int % 250}")


def _quantity(amount: Any) -> str:
    match = _MEBI.fullmatch(str(amount))
    return f"{int(match[1]) // 1024}Gi" if match and int(match[1]) % 1024 == 0 else str(amount)


def _check_immutable(plural: str, before: Object, after: Object) -> None:
    rules: tuple[tuple[str, ...], ...] = _IMMUTABLE.get(plural, ())
    if before.get("immutable"):
        rules = (*rules, ("data",))
    for path in rules:
        old: Any = before
        new: Any = after
        for part in path:
            old, new = (old or {}).get(part), (new or {}).get(part)
        if old is not None and old != new:
            cause = {
                "reason": "FieldValueInvalid",
                "field": ".".join(path),
                "message": "Invalid value: field is immutable",
            }
            raise RefusedError(422, "Invalid", f"{'.'.join(path)}: field is immutable", [cause])


@contextmanager
def running() -> Iterator[Cluster]:
    cluster = Cluster()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            try:
                code, answer = 200, cluster.handle(self.command, self.path, body)
            except RefusedError as error:
                code, answer = error.code, error.body
            content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(code)
            for warning in cluster.warnings:
                self.send_header("Warning", f'299 - "{warning}"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815  the base class's names

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    cluster.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
