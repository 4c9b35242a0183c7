"""A clone whose stack is a staging stack, deployed to the cluster that plays it."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2

from tests.e2e.clone import ANSWER_SECONDS, Clone, asking, eventually, write_stack
from tests.e2e.staging import authority
from tests.e2e.staging.infrastructure import STAGING, create
from tests.e2e.staging.registry import ACCOUNTS, Registry

STACK = "e2e-staging"
SERVICES = ("kaldra-api", "kaldra-core")
HOST = "kaldra.staging.test"
CALLER = "web"
PASSPHRASE = "known to the team of these tests"
KEY = "Qv8nT2xLw5rKc7mB1zHd9pJs"
ROTATED = "batch"
ROTATED_KEY = "Hw3fUj6pXq9sZa4cVm8eTd2r"
SIGNAL = "/engine/kaldra/signal"
TEXT = {"text": "The board cut its forecast and expects a hard winter."}
TLS_SECRET = "kaldra-tls"
SMALL = {"cpuRequest": 50, "cpuLimit": 1000, "memoryRequest": 96, "memoryLimit": 384}
SETTINGS: dict[str, Any] = {
    "target": "staging",
    "environment": "staging",
    "kubeContext": f"kind-{STAGING}",
    "imageTag": f"v0.1.0-{STAGING}",
    "ingress": {"host": HOST, "class": "small", "namespace": "ingress", "tlsSecret": TLS_SECRET},
    "gateway": {"rateLimit": 0},
    "services": {key: {"resources": SMALL, "maxReplicas": 4} for key in ("core", "api")},
    "rolloutTimeoutSeconds": 60,
}
SECRETS = {
    f"apiKeys.{CALLER}": KEY,
    f"apiKeys.{ROTATED}": ROTATED_KEY,
    "registry.push.password": ACCOUNTS["pusher"],
    "registry.pull.password": ACCOUNTS["puller"],
}


@dataclass
class Stage(Clone):
    """The copy, the cluster, and the gateway behind the cluster's ingress."""

    stack: str = STACK
    cluster: str = STAGING
    deployed: bool = False
    """Whether a release serves, be it what the copy's files say or another."""
    registry: Registry = field(init=False)
    addons: str = field(init=False)
    """Image that both nodes have."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}

    def up(self, code: int = 0) -> str:
        said = super().up(code)
        if code == 0 and not self.deployed:
            if TLS_SECRET not in self.objects("secrets"):
                self._bring_certificate()
            self.deployed = True
        return said

    def _bring_certificate(self) -> None:
        """What an administrator does once the namespace is there."""
        certificate, key = authority.sign(self.registry.folder, "ingress", f"DNS:{HOST}")
        files = (f"--cert={certificate}", f"--key={key}")
        self.kubectl("create", "secret", "tls", TLS_SECRET, *files)
        eventually(lambda: self.ask("/status/")[0] == HTTPStatus.OK, "an answer over TLS")

    @contextmanager
    def different_secret(self, key: str, value: str) -> Iterator[None]:
        """Another secret in the stack's file until the block ends."""
        with self.edited(self.stack_file):
            self.shell(f"pulumi config set --secret --path 'kaldra:{key}' '{value}'")
            yield

    def ask(self, path: str, body: object = None, *, key: str = KEY) -> tuple[int, str]:
        """GET or POST through the ingress, over TLS; (0, reason) where nobody answers."""
        context = ssl.create_default_context(cafile=str(self.registry.certificate))
        try:
            with httpx2.Client(verify=context, trust_env=False, timeout=ANSWER_SECONDS) as client:
                answer = client.request(
                    "GET" if body is None else "POST",
                    f"https://127.0.0.1:{self.api_port}{path}",
                    json=body,
                    headers={"Host": HOST, "X-API-Key": key, "Connection": "close"},
                    extensions={"sni_hostname": HOST},
                )
        except httpx2.TransportError as error:
            return 0, f"{type(error).__name__}: {error}"
        return answer.status_code, answer.text

    def get(self, path: str, **_headers: str) -> tuple[int, str]:
        return self.ask(path)

    @contextmanager
    def constant_load(self) -> Iterator[None]:
        """Ask for /status/ and for the core's work until the block ends; nothing may fail."""
        began = time.monotonic()
        with (
            asking(*[partial(self.ask, "/status/")] * 2) as light,
            asking(*[partial(self.ask, SIGNAL, TEXT)] * 2) as heavy,
        ):
            yield
        assert min(len(light), len(heavy)) > time.monotonic() - began

    def rolled_out(self) -> None:
        """Return once every pod of the newest generation serves."""
        for service in SERVICES:
            self.kubectl("rollout", "status", f"deployment/{service}", "--timeout=120s")

    def pods(self, service: str) -> list[dict[str, Any]]:
        """Pods of a service that are not on their way out."""
        return [
            pod
            for pod in self.objects("pods").values()
            if pod["metadata"]["labels"].get("app.kubernetes.io/name") == service
            and "deletionTimestamp" not in pod["metadata"]
        ]


def new_stage(folder: Path) -> Stage:
    """A copy with a staging stack and its cluster; nothing is deployed."""
    stage = Stage(folder / "staging clone")
    stage.create()
    stage.registry, stage.addons = create(stage)
    registry = {
        "address": f"{stage.registry.address}/kaldra",
        "push": {"username": "pusher"},
        "pull": {"username": "puller"},
    }
    kubeconfig = str(stage.state / "kubeconfig")
    settings = {**SETTINGS, "registry": registry, "kubeconfig": kubeconfig}
    write_stack(stage.root, STACK, salted=False, **settings)
    every = " ".join(f"--secret 'kaldra:{key}={value}'" for key, value in SECRETS.items())
    stage.shell(f"pulumi config set-all --path {every}")
    return stage
