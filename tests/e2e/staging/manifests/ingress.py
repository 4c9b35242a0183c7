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


def get(path: str) -> Any:
    """What the API server answers."""
    token = (ACCOUNT / "token").read_text()
    request = urllib.request.Request(SERVER + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310
        return json.load(answer)


def configuration() -> str:
    """nginx's configuration; writes certificates under names that tell their content."""
    ingresses = get("/apis/networking.k8s.io/v1/ingresses")["items"]
    own = [each for each in ingresses if each["spec"].get("ingressClassName") == CLASS]
    return "\n".join([HEAD, *map(serving, own), "}"])


def serving(ingress: dict[str, Any]) -> str:
    """The server of an Ingress with one host and one path, once its TLS secret is there."""
    namespace, (rule,) = ingress["metadata"]["namespace"], ingress["spec"]["rules"]
    (tls,), (path,) = ingress["spec"]["tls"], rule["http"]["paths"]
    certificate = certificate_of(namespace, tls["secretName"])
    if certificate is None:
        return ""
    service = path["backend"]["service"]
    addresses = addresses_of(namespace, service["name"], service["port"]["name"])
    members = "".join(f"server {address} max_fails=0; " for address in addresses)
    return f"""\
upstream {namespace} {{ {members or "server 127.0.0.1:9;"} }}
server {{
  listen 8443 ssl;
  server_name {rule["host"]};
  ssl_certificate {certificate}.crt;
  ssl_certificate_key {certificate}.key;
  location {path["path"]} {{
    proxy_pass http://{namespace};
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
  }}
}}"""


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


def addresses_of(namespace: str, service: str, port: str) -> list[str]:
    """Ready endpoints of a service, as address:port."""
    slices = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    found = []
    for part in get(f"{slices}?labelSelector=kubernetes.io/service-name%3D{service}")["items"]:
        # A slice has the pods' ports under the names of the service's.
        numbers = [each["port"] for each in part["ports"] or [] if each["name"] == port]
        for endpoint in part["endpoints"] or []:
            if endpoint["conditions"].get("ready"):
                found += [f"{a}:{number}" for a in endpoint["addresses"] for number in numbers]
    return sorted(found)


def main() -> None:
    """Look, and let nginx follow what changed, as long as it runs."""
    FOLDER.mkdir(exist_ok=True)
    file, last = FOLDER / "nginx.conf", ""
    file.write_text(f"{HEAD}}}")
    running = subprocess.Popen([*NGINX, "-g", "daemon off;"])
    while running.poll() is None:
        time.sleep(LOOK_SECONDS)
        try:
            wanted = configuration()
        except OSError as error:
            print(f"The API server does not answer: {error}", flush=True)  # noqa: T201
            continue
        if wanted != last:
            file.write_text(wanted)
            if subprocess.run([*NGINX, "-s", "reload"], check=False).returncode == 0:
                last = wanted


main()
