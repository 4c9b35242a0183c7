"""Where spans are sent, as a network policy can name it."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_SERVICE = re.compile(r"[a-z0-9-]+\.([a-z0-9-]+)\.svc(\.[a-z0-9.-]+)?")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Destination:
    """A namespace or a network of one address, and a port."""

    port: int
    namespace: str = ""
    network: str = ""


def destination(url: str) -> Destination:
    """Destination of an OTLP endpoint on a cluster.

    Raises ValueError for a host that is neither a Service's name nor an IP address.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if service := _SERVICE.fullmatch(host):
        return Destination(port, namespace=service[1])
    try:
        return Destination(port, network=str(ipaddress.ip_network(host)))
    except ValueError:
        raise ValueError(
            f"a network policy cannot name {host}; use a Service in the cluster, such as "
            "http://collector.monitoring.svc:4318, or an IP address"
        ) from None
