"""Prometheus metrics of a service, served on a port of their own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """Metrics of one application, in a registry of their own.

    Label values come from fixed sets (methods, routes, statuses), so their number is bounded
    whatever is requested.
    """

    def __init__(self, service: str, version: str) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "kaldra_http_request_duration_seconds",
            "Time from a request's arrival to the end of its answer.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        build = Gauge(
            "kaldra_build_info", "Constant 1.", ("service", "version"), registry=self.registry
        )
        build.labels(service, version).set(1)
        self._children: dict[tuple[str, str, int], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (method if method in _METHODS else "other", route, status)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._requests.labels(*key)
        child.observe(seconds)

    def watch(self, name: str, documentation: str, value: Callable[[], float]) -> None:
        """Add a gauge whose value is asked for when metrics are read."""
        Gauge(name, documentation, registry=self.registry).set_function(value)

    def counter(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
        """Add a counter; its labels take values from fixed sets."""
        return Counter(name, documentation, labels, registry=self.registry)

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[None]:
        """Serve the metrics, in a thread; not at all where `port` is 0."""
        if not port:
            yield
            return
        server, thread = start_http_server(port, host, self.registry)
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
