"""What a staging stack must say, and what it must not.

Nothing there comes from a default key, a moving tag, a single pod, or whatever cluster is at hand.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kaldra.stack.services import KEYS

if TYPE_CHECKING:
    from kaldra.stack.settings import Settings

FEWEST_REPLICAS = 2
FEWEST_CHARACTERS = 8
"""Minimum number of distinct characters in a key; fewer are a pattern."""

MISSING = ""
"""Reason of a fault: the setting is missing."""

_MOVING_TAGS = ("dev", "latest", "main", "master", "edge", "test")
_DEVELOPMENT = ("dev", "local", "test")
"""Values of ENV that allow the gateway to run without keys."""
_PLACEHOLDERS = (
    "changeme", "change-me", "changethis", "change-this", "default", "example", "insecure",
    "password", "placeholder", "replace", "sample", "secretkey", "secret-key", "your-key",
)  # fmt: skip


def faults(settings: "Settings") -> Iterator[tuple[str, str]]:
    """Settings that staging does not allow, each with the reason."""
    registry, ingress, built = settings.registry, settings.ingress, settings.image_digests is None
    tag, environment = settings.tag, settings.environment
    moving = f"{tag} is a mutable tag; use a version such as v1.2.3, or omit it"
    for path, is_fault, reason in (
        ("kubeContext", not (settings.kube_context or settings.kubeconfig), MISSING),
        ("registry.address", registry.address is None, MISSING),
        ("registry.pull.password", registry.pull is None, MISSING),
        ("imageTag", built and tag in _MOVING_TAGS, moving),
        ("registry.push.password", built and registry.push is None, MISSING),
        ("ingress.host", ingress.host is None, MISSING),
        (
            "ingress.issuer",
            ingress.tls_secret and ingress.issuer,
            "ingress.tlsSecret is set too; set only one",
        ),
        ("ingress.tlsSecret", not (ingress.tls_secret or ingress.issuer), MISSING),
        *(check for key in KEYS for check in _scale(key, settings)),
        (
            "environment",
            environment.lower() in _DEVELOPMENT,
            f"{environment} is a development environment",
        ),
        ("live", settings.live, "a release runs the code of its images; it is for dev and local"),
        ("apiKeys", not settings.api_keys, MISSING),
    ):
        if is_fault:
            yield path, reason
    for caller, key in (settings.api_keys or {}).items():
        text = key.get_secret_value()
        placeholder = any(word in text.lower() for word in _PLACEHOLDERS)
        if placeholder or len(set(text)) < FEWEST_CHARACTERS:
            reason = "it is a default or a pattern; generate one: openssl rand -base64 24"
            yield f"apiKeys.{caller}", reason


def _scale(key: str, settings: "Settings") -> Iterator[tuple[str, bool, str]]:
    fewest, most = settings.replicas_of(key), settings.services[key].max_replicas
    few = f"a rollout without downtime needs at least {FEWEST_REPLICAS} pods"
    below = f"{most} is below replicas, which is {fewest}"
    yield f"services.{key}.replicas", fewest < FEWEST_REPLICAS, few
    yield f"services.{key}.maxReplicas", most < fewest, below
