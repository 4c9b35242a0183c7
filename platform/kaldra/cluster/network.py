"""The Docker network that a cluster's node and registry share."""

from kaldra.cluster.spec import LABEL
from kaldra.errors import KaldraError
from kaldra.progress import Progress
from kaldra.toolchain import docker_client

MTU = "com.docker.network.driver.mtu"


def ensure_network(cluster: str) -> None:
    """Make the network, named after the cluster; kind takes one that exists as it is."""
    if docker_client.network(cluster) is not None:
        return
    options = {"com.docker.network.bridge.enable_ip_masquerade": "true"}
    default = docker_client.network("bridge") or {}
    if mtu := (default.get("Options") or {}).get(MTU):
        options[MTU] = mtu
    try:
        with docker_client.engine() as api:
            api.create_network(
                cluster, "bridge", options, check_duplicate=True, labels={LABEL: cluster}
            )
    except KaldraError:
        # Another process may have created it in the same moment.
        if docker_client.network(cluster) is None:
            raise


def delete_network(cluster: str, progress: Progress) -> None:
    """Remove the network if it is ours and nothing else is on it."""
    found = docker_client.network(cluster)
    if found is None:
        return
    others = sorted(item["Name"] for item in (found.get("Containers") or {}).values())
    if others:
        progress.warn(f"Network {cluster} stays: {', '.join(others)} is on it.")
        return
    with docker_client.engine() as api:
        api.remove_network(cluster)
