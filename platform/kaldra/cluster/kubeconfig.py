"""The cluster's kubeconfig: where its API server is, whether that is ready, forgetting it."""

import base64
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

from kaldra.cluster.spec import ClusterSpec
from kaldra.toolchain.http_request import request

PROBE_SECONDS = 5.0


@dataclass(frozen=True)
class ApiServer:
    """An API server's address and the authority that its certificate is checked against."""

    url: str
    authority: str
    """PEM text."""

    def ready(self) -> bool:
        """Whether it says that it can serve; needs no credentials."""
        try:
            status, _ = request(
                f"{self.url}/readyz", timeout=PROBE_SECONDS, authority=self.authority
            )
        except OSError:
            return False
        return status == HTTPStatus.OK


def api_server(spec: ClusterSpec) -> ApiServer | None:
    """The API server that kind wrote into the file; None where it is not in there."""
    for entry in _read(spec.kubeconfig).get("clusters") or []:
        if entry["name"] == spec.context:
            authority = base64.b64decode(entry["cluster"]["certificate-authority-data"])
            return ApiServer(entry["cluster"]["server"], authority.decode())
    return None


def _read(kubeconfig: Path) -> dict[str, Any]:
    """The file's document; empty where the file is missing or is not a kubeconfig."""
    try:
        document = yaml.load(kubeconfig.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except (OSError, yaml.YAMLError):
        return {}
    return document if isinstance(document, dict) else {}


def forget(spec: ClusterSpec) -> None:
    """Remove the cluster's entries from the file, and the file once it is empty."""
    kubeconfig, context = spec.kubeconfig, spec.context
    Path(f"{kubeconfig}.lock").unlink(missing_ok=True)
    if not kubeconfig.exists():
        return
    document = _read(kubeconfig)
    for kind in ("clusters", "contexts", "users"):
        entries = document.get(kind) or []
        document[kind] = [entry for entry in entries if entry.get("name") != context]
    if not document["clusters"] and not document["contexts"]:
        kubeconfig.unlink()
        return
    if document.get("current-context") == context:
        document["current-context"] = ""
    kubeconfig.write_text(yaml.safe_dump(document), encoding="utf-8")
