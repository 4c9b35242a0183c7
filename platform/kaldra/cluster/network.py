"""The Docker network that a cluster's node and registry share."""

from urllib.parse import quote

from kaldra.cluster.spec import LABEL
from kaldra.errors import KaldraError
from kaldra.progress import Progress
from kaldra.toolchain import docker_api

MTU = "com.docker.network.driver.mtu"


def ensure_network(cluster: str) -> None:
    """Make the network, named after the cluster; kind takes one that exists as it is."""
    if docker_api.request("GET", f"/networks/{quote(cluster)}") is not None:
        return
    options = {"com.docker.network.bridge.enable_ip_masquerade": "true"}
    default = docker_api.request("GET", "/networks/bridge") or {}
    mtu = (default.get("Options") or {}).get(MTU)
    if mtu:
        options[MTU] = mtu
    body = {
        "Name": cluster,
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Options": options,
        "Labels": {LABEL: cluster},
    }
    try:
        docker_api.request("POST", "/networks/create", body=body)
    except KaldraError:
        # Another process may have made it in the same moment.
        if docker_api.request("GET", f"/networks/{quote(cluster)}") is None:
            raise


def delete_network(cluster: str, progress: Progress) -> None:
    """Remove the network if it is ours and nothing else is on it."""
    found = docker_api.request("GET", f"/networks/{quote(cluster)}")
    if found is None:
        return
    others = sorted(item["Name"] for item in (found.get("Containers") or {}).values())
    if others:
        progress.warn(f"Network {cluster} stays: {', '.join(others)} is on it.")
        return
    docker_api.request("DELETE", f"/networks/{quote(cluster)}")
