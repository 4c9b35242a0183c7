"""A small ingress controller: keeps nginx's configuration what the cluster's Ingresses say.

It looks twice a second, and reads what such controllers read: Ingresses of its class, the TLS
secrets they name, and the ready endpoints of their services, to which nginx connects directly.
A request is tried once: what a pod loses is lost, and counted by who asked.
"""

import base64
import hashlib
import json
import os
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
CLASS = os.environ["INGRESS_CLASS"]
FOLDER = Path("/tmp/nginx")  # noqa: S108  the container's own
NGINX = ("nginx", "-c", f"{FOLDER}/nginx.conf", "-p", str(FOLDER))
LOOK_SECONDS = 0.5
HEAD = f"""\
worker_processes 2;
pid {FOLDER}/pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {FOLDER}/body;
  proxy_temp_path {FOLDER}/proxy;
  fastcgi_temp_path {FOLDER}/fastcgi;
  uwsgi_temp_path {FOLDER}/uwsgi;
  scgi_temp_path {FOLDER}/scgi;
  proxy_http_version 1.1;
  proxy_next_upstream off;
  server {{ listen 8443 ssl default_server; ssl_reject_handshake on; }}
  server {{ listen 8080; return 200; }}
"""


def listed(path: str) -> list[dict[str, Any]]:
    """Objects of all namespaces."""
    return list(get(path)["items"])


def get(path: str) -> Any:
    """What the API server answers."""
    token = (ACCOUNT / "token").read_text()
    request = urllib.request.Request(SERVER + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310
        return json.load(answer)


def configuration() -> str:
    """nginx's configuration; writes certificates under names that tell their content."""
    upstreams: dict[str, str] = {}
    servers = []
    endpoints = listed("/apis/discovery.k8s.io/v1/endpointslices")
    for ingress in listed("/apis/networking.k8s.io/v1/ingresses"):
        if ingress["spec"].get("ingressClassName") not in (CLASS, None):
            continue
        servers += serving(ingress, endpoints, upstreams)
    return "\n".join([HEAD, *upstreams.values(), *servers, "}"])


def serving(
    ingress: dict[str, Any], endpoints: list[dict[str, Any]], upstreams: dict[str, str]
) -> list[str]:
    """One server per host that a TLS secret is there for."""
    namespace = ingress["metadata"]["namespace"]
    secrets = {h: tls["secretName"] for tls in ingress["spec"].get("tls", []) for h in tls["hosts"]}
    found = []
    for rule in ingress["spec"].get("rules", []):
        certificate = certificate_of(namespace, secrets.get(rule["host"], ""))
        if certificate is None:
            continue
        places = []
        for path in rule["http"]["paths"]:
            service = path["backend"]["service"]
            name, port = service["name"], service["port"]
            upstream = f"{namespace}_{name}_{port.get('name') or port.get('number')}"
            addresses = addresses_of(namespace, name, port, endpoints)
            members = "".join(f"server {a} max_fails=0; " for a in addresses)
            upstreams[upstream] = f"upstream {upstream} {{ {members or 'server 127.0.0.1:9;'} }}"
            exactly = "= " if path["pathType"] == "Exact" else ""
            places.append(
                f"location {exactly}{path.get('path') or '/'} {{ proxy_pass http://{upstream}; "
                "proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; "
                "proxy_set_header X-Forwarded-Proto https; }"
            )
        found.append(
            f"server {{ listen 8443 ssl; server_name {rule['host']}; "
            f"ssl_certificate {certificate}.crt; ssl_certificate_key {certificate}.key;\n"
            + "\n".join(places)
            + "}"
        )
    return found


def certificate_of(namespace: str, secret: str) -> Path | None:
    """Path, without ending, of a TLS secret's files; None where it is not there."""
    try:
        data = get(f"/api/v1/namespaces/{namespace}/secrets/{secret}")["data"]
        certificate, key = (base64.b64decode(data[name]) for name in ("tls.crt", "tls.key"))
    except (OSError, KeyError):
        return None
    path = FOLDER / hashlib.sha256(certificate + key).hexdigest()[:16]
    path.with_suffix(".crt").write_bytes(certificate)
    path.with_suffix(".key").write_bytes(key)
    return path


def addresses_of(
    namespace: str, service: str, port: dict[str, Any], endpoints: list[dict[str, Any]]
) -> list[str]:
    """Ready endpoints of a service, as address:port."""
    found = []
    for part in endpoints:
        labels = part["metadata"].get("labels") or {}
        own = part["metadata"]["namespace"] == namespace
        if not own or labels.get("kubernetes.io/service-name") != service:
            continue
        # A slice has the pods' ports under the names of the service's.
        wanted = [p["port"] for p in part["ports"] or [] if port.get("name") in (p["name"], None)]
        for endpoint in part["endpoints"] or []:
            if endpoint["conditions"].get("ready") and wanted:
                found += [f"{address}:{wanted[0]}" for address in endpoint["addresses"]]
    return sorted(found)


def main() -> None:
    """Look, and let nginx follow what changed, for ever."""
    FOLDER.mkdir(exist_ok=True)
    file, running, last = FOLDER / "nginx.conf", None, ""
    while running is None or running.poll() is None:
        try:
            wanted = configuration()
        except OSError as error:
            print(f"The API server does not answer: {error}", flush=True)  # noqa: T201
            wanted = last
        if wanted and wanted != last:
            file.write_text(wanted)
            last = wanted
            if running is None:
                running = subprocess.Popen([*NGINX, "-g", "daemon off;"])
            else:
                subprocess.run([*NGINX, "-s", "reload"], check=False)
        time.sleep(LOOK_SECONDS)


main()
