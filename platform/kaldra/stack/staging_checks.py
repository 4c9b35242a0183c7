"""What a staging stack must say, and what it must not.

Nothing there comes from a default key, a moving tag, a single pod, or whatever cluster is at hand.
"""

from typing import TYPE_CHECKING

from kaldra.stack.config_errors import missing, wrong
from kaldra.stack.services import KEYS

if TYPE_CHECKING:
    from kaldra.stack.settings import Settings

FEWEST_REPLICAS = 2
FEWEST_CHARACTERS = 8
"""Minimum number of distinct characters in a key; fewer are a pattern."""

_MOVING_TAGS = ("dev", "latest", "main", "master", "edge", "test")
_DEVELOPMENT = ("dev", "local", "test")
"""Values of ENV that allow the gateway to run without keys."""
_PLACEHOLDERS = (
    "changeme", "change-me", "changethis", "change-this", "default", "example", "insecure",
    "password", "placeholder", "replace", "sample", "secretkey", "secret-key", "your-key",
)  # fmt: skip


def require(settings: "Settings", stack_file: str) -> None:
    """Raise ConfigurationError for the first setting that staging does not allow."""
    if not settings.kube_context and not settings.kubeconfig:
        raise missing("kubeContext", stack_file)
    _require_images(settings, stack_file)
    _require_ingress(settings, stack_file)
    _require_scale(settings, stack_file)
    if settings.environment.lower() in _DEVELOPMENT:
        reason = f"{settings.environment} is a development environment"
        raise wrong("environment", stack_file, reason)
    if settings.live:
        reason = "a release runs the code of its images; it is for dev and local"
        raise wrong("live", stack_file, reason)
    _require_keys(settings, stack_file)


def _require_images(settings: "Settings", stack_file: str) -> None:
    if settings.registry.address is None:
        raise missing("registry.address", stack_file)
    if settings.registry.pull is None:
        raise missing("registry.pull.password", stack_file)
    if settings.image_digests is not None:
        return
    if settings.tag in _MOVING_TAGS:
        reason = f"{settings.tag} is a mutable tag; use a version such as v1.2.3, or omit it"
        raise wrong("imageTag", stack_file, reason)
    if settings.registry.push is None:
        raise missing("registry.push.password", stack_file)


def _require_ingress(settings: "Settings", stack_file: str) -> None:
    ingress = settings.ingress
    if ingress.host is None:
        raise missing("ingress.host", stack_file)
    if ingress.tls_secret and ingress.issuer:
        raise wrong("ingress.issuer", stack_file, "ingress.tlsSecret is set too; set only one")
    if not ingress.tls_secret and not ingress.issuer:
        raise missing("ingress.tlsSecret", stack_file)


def _require_scale(settings: "Settings", stack_file: str) -> None:
    for key in KEYS:
        fewest, most = settings.replicas_of(key), settings.service(key).max_replicas
        if fewest < FEWEST_REPLICAS:
            reason = f"a rollout without downtime needs at least {FEWEST_REPLICAS} pods"
            raise wrong(f"services.{key}.replicas", stack_file, reason)
        if most < fewest:
            reason = f"{most} is below replicas, which is {fewest}"
            raise wrong(f"services.{key}.maxReplicas", stack_file, reason)


def _require_keys(settings: "Settings", stack_file: str) -> None:
    if not settings.api_keys:
        raise missing("apiKeys", stack_file)
    for caller, key in settings.api_keys.items():
        text = key.get_secret_value()
        placeholder = any(word in text.lower() for word in _PLACEHOLDERS)
        if placeholder or len(set(text)) < FEWEST_CHARACTERS:
            reason = "it is a default or a pattern; generate one: openssl rand -base64 24"
            raise wrong(f"apiKeys.{caller}", stack_file, reason)
