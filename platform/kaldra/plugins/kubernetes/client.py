"""The few calls of the Kubernetes API the plugin makes, and their errors in the user's words."""

import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from kaldra.errors import KaldraError
from kaldra.plugins.kubernetes.kinds import Kind

if TYPE_CHECKING:
    from kaldra.plugins.kubernetes.kubeconfig import Access
    from kaldra.plugins.kubernetes.transport import Transport, TransportError

Object = dict[str, Any]

_REQUEST_SECONDS = 30.0
_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.25
_BUSY = (429, 500, 502, 503, 504)
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


class UnreachableError(KaldraError):
    """The API server did not answer."""


class ApiError(KaldraError):
    """The API server refused; `reason` is its word for it ("NotFound", "Invalid", …)."""

    def __init__(self, code: int, status: Mapping[str, Any], *, hint: str = "") -> None:
        message = str(status.get("message") or f"the API server answered {code}")
        super().__init__(message, hint=hint)
        self.code = code
        self.reason = str(status.get("reason") or "")
        details = status.get("details") or {}
        self.causes: list[Mapping[str, Any]] = details.get("causes") or []
        self.kind = str(details.get("kind") or "")


class NotFoundError(ApiError):
    """There is no such object."""


class ConflictError(ApiError):
    """Somebody else holds the fields, or the object exists or changed meanwhile."""


_BY_CODE = {404: NotFoundError, 409: ConflictError}


class Client:
    """Calls one cluster. Thread-safe; `cancelled` ends the pauses between attempts.

    `warn` receives what the server remarks about an object it accepts. With an error for
    `access`, every call is answered by it.
    """

    def __init__(
        self,
        access: "Access | KaldraError",
        cancelled: threading.Event,
        warn: Callable[[str], None],
    ) -> None:
        # Slow to import, and of no use to a run that finds nothing to do.
        from kaldra.plugins.kubernetes import transport  # noqa: PLC0415

        self._unreachable: UnreachableError | None = None
        self._transport: Transport | None = None
        self._error = transport.TransportError
        self._context = self._server = self.namespace = ""
        if isinstance(access, KaldraError):
            self._unreachable = UnreachableError(str(access), hint=access.hint)
        else:
            self._transport = transport.Transport(access)
            self._context, self._server = access.context, access.cluster.server
            self.namespace = access.namespace
        self._cancelled = cancelled
        self._warn = warn
        self._reached = False

    def close(self) -> None:
        """Close the connections kept alive."""
        if self._transport:
            self._transport.close()

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """Read one object; NotFoundError when it is not there."""
        return self._json("GET", kind.path(namespace, name))

    def find(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """Read one object, None when it is not there."""
        try:
            return self.get(kind, namespace, name)
        except NotFoundError:
            return None

    def listed(self, kind: Kind, namespace: str, **selectors: str) -> list[Object]:
        """Read the objects that match `labelSelector` and `fieldSelector`."""
        answer = self._json("GET", f"{kind.path(namespace)}?{urlencode(selectors)}")
        return [
            {"apiVersion": kind.api_version, "kind": kind.name, **item}
            for item in answer.get("items") or []
        ]

    def create(self, kind: Kind, obj: Object, *, manager: str, dry_run: bool) -> Object:
        """Make an object; ConflictError with reason AlreadyExists when it is there."""
        query = {"fieldManager": manager} | ({"dryRun": "All"} if dry_run else {})
        path = f"{kind.path(_namespace(obj))}?{urlencode(query)}"
        return self._json("POST", path, obj, warn=dry_run)

    def apply(
        self, kind: Kind, obj: Object, *, manager: str, force: bool = False, dry_run: bool = False
    ) -> Object:
        """Server-side apply; the object is made when it is not there.

        Raises ConflictError when other managers hold fields of `obj` and `force` is not set.
        """
        query = {"fieldManager": manager, "force": "true" if force else "false"}
        query |= {"dryRun": "All"} if dry_run else {}
        path = f"{kind.path(_namespace(obj), obj['metadata']['name'])}?{urlencode(query)}"
        return self._json("PATCH", path, obj, content_type="application/apply-patch+yaml")

    def patch(self, kind: Kind, namespace: str, name: str, operations: list[Object]) -> Object:
        """Apply JSON patch operations."""
        content_type = "application/json-patch+json"
        path = kind.path(namespace, name)
        return self._json("PATCH", path, operations, content_type=content_type)

    def delete(self, kind: Kind, namespace: str, name: str, *, propagation: str) -> None:
        """Ask for deletion; NotFoundError when it is not there."""
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        self._json("DELETE", kind.path(namespace, name), options)

    def logs(
        self, namespace: str, pod: str, container: str, *, previous: bool, lines: int
    ) -> list[str]:
        """Read the last lines a container wrote; empty where there are none."""
        query = urlencode(
            {
                "container": container,
                "tailLines": lines,
                "previous": "true" if previous else "false",
            }
        )
        path = f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(pod)}/log?{query}"
        try:
            content = self._request("GET", path, None, {})
        except ApiError:
            return []
        return content.decode(errors="replace").splitlines()

    def _json(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        warn: bool = True,
    ) -> Object:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", "Content-Type": content_type}
        answer: Object = json.loads(self._request(method, path, content, headers, warn=warn))
        return answer

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        *,
        warn: bool = False,
    ) -> bytes:
        if self._unreachable or self._transport is None:
            raise self._unreachable or AssertionError
        pause = _FIRST_PAUSE_SECONDS
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS or self._cancelled.is_set()
            try:
                status, warnings, content = self._transport.send(
                    method, path, body, headers, _REQUEST_SECONDS
                )
            except self._error as error:
                # A server that never answered will not answer the next resource either.
                if last or not self._reached or error.lasting:
                    raise self._not_reached(error) from None
            else:
                self._reached = True
                if status == 401 and attempt == 1:
                    self._transport.forget_credentials()
                elif status not in _BUSY or last:
                    if warn:
                        self._pass_warnings(warnings)
                    if status >= 400:
                        raise self._refused(status, content)
                    return content
            self._cancelled.wait(pause)
            pause *= 2
        raise AssertionError

    def _pass_warnings(self, headers: list[str]) -> None:
        for header in headers:
            for text in _WARNING.findall(header):
                self._warn(text.replace('\\"', '"'))

    def _not_reached(self, error: "TransportError") -> UnreachableError:
        failure = UnreachableError(
            f"The Kubernetes cluster is unreachable: context {self._context}, "
            f"server {self._server}: {error}",
            hint=f"kubectl --context {self._context} cluster-info",
        )
        if not self._reached:
            self._unreachable = failure
        return failure

    def _refused(self, code: int, content: bytes) -> ApiError:
        try:
            status = json.loads(content)
        except ValueError:
            status = {}
        if not isinstance(status, dict):
            status = {}
        hint = ""
        if code in {401, 403} and status.get("reason") in {"Unauthorized", "Forbidden", None}:
            hint = f"The user of context {self._context} is asked for; see its kubeconfig."
        return _BY_CODE.get(code, ApiError)(code, status, hint=hint)


def _namespace(obj: Object) -> str:
    return str(obj["metadata"].get("namespace") or "")
