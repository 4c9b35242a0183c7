"""The cluster's kubeconfig: where its API server is, whether that is ready, forgetting it."""

import base64
import http.client
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROBE_SECONDS = 5.0


@dataclass(frozen=True)
class ApiServer:
    """An API server's address and the authority that its certificate is checked against."""

    host: str
    port: int
    authority: str
    """PEM text."""

    def ready(self) -> bool:
        """Whether it says that it can serve; needs no credentials."""
        context = ssl.create_default_context(cadata=self.authority)
        connection = http.client.HTTPSConnection(
            self.host, self.port, timeout=PROBE_SECONDS, context=context
        )
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def api_server(kubeconfig: Path, context: str) -> ApiServer | None:
    """The API server of a cluster that kind wrote into the file; None where it is not in there."""
    try:
        text = kubeconfig.read_text(encoding="utf-8")
    except OSError:
        return None
    # Read by pattern: on every run there is one question, and a YAML parser costs 30 ms.
    for entry in re.split(r"^- ", text, flags=re.MULTILINE):
        name = re.search(r"^  name: (\S+)$", entry, re.MULTILINE)
        server = re.search(r"^    server: (\S+)$", entry, re.MULTILINE)
        authority = re.search(r"^    certificate-authority-data: (\S+)$", entry, re.MULTILINE)
        if not (name and server and authority and name[1] == context):
            continue
        address = urlsplit(server[1])
        pem = base64.b64decode(authority[1]).decode()
        return ApiServer(address.hostname or "", address.port or 443, pem)
    return None


def forget(kubeconfig: Path, context: str) -> None:
    """Take a cluster's entries out of the file, and the file away once it is empty."""
    import yaml  # noqa: PLC0415  only when a cluster goes away

    Path(f"{kubeconfig}.lock").unlink(missing_ok=True)
    try:
        document: dict[str, Any] = yaml.safe_load(kubeconfig.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return
    for kind in ("clusters", "contexts", "users"):
        entries = document.get(kind) or []
        document[kind] = [entry for entry in entries if entry.get("name") != context]
    if not document["clusters"] and not document["contexts"]:
        kubeconfig.unlink()
        return
    if document.get("current-context") == context:
        document["current-context"] = ""
    kubeconfig.write_text(yaml.safe_dump(document), encoding="utf-8")
