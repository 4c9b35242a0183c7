"""A clone whose stack is a staging stack, deployed to the cluster that plays it."""

import contextlib
import json
import secrets
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2

from tests.e2e.clone import (
    ANSWER_SECONDS,
    Clone,
    Outcome,
    copy_of_repo,
    eventually,
    write_stack,
)
from tests.e2e.staging.infrastructure import STAGING, Infrastructure, create
from tests.e2e.staging.registry import ACCOUNTS

STACK = "e2e-staging"
STACK_FILE = f"Pulumi.{STACK}.yaml"
SERVICES = ("kaldra-api", "kaldra-core")
HOST = "kaldra.staging.test"
CALLER = "web"
PASSPHRASE = "known to the team of these tests"
KEY = "Qv8nT2xLw5rKc7mB1zHd9pJs"
ROTATED = "batch"
ROTATED_KEY = "Hw3fUj6pXq9sZa4cVm8eTd2r"
LOAD_KEYS = {f"load-{number}": secrets.token_urlsafe(24) for number in range(16)}
"""Of callers that together ask more than one may ask."""
TLS_SECRET = "kaldra-tls"
SMALL = {"cpuRequest": 50, "cpuLimit": 1000, "memoryRequest": 96, "memoryLimit": 384}
SETTINGS: dict[str, Any] = {
    "target": "staging",
    "environment": "staging",
    "kubeContext": f"kind-{STAGING}",
    "imageTag": f"v0.1.0-{STAGING}",
    "ingress": {
        "host": HOST,
        "class": "small",
        "namespace": "ingress",
        "tlsSecret": TLS_SECRET,
    },
    "services": {key: {"resources": SMALL, "maxReplicas": 4} for key in ("core", "api")},
    "rolloutTimeoutSeconds": 60,
}
SECRETS = {
    f"apiKeys.{CALLER}": KEY,
    f"apiKeys.{ROTATED}": ROTATED_KEY,
    **{f"apiKeys.{caller}": key for caller, key in LOAD_KEYS.items()},
    "registry.push.password": ACCOUNTS["pusher"],
    "registry.pull.password": ACCOUNTS["puller"],
}


@dataclass
class Stage(Clone):
    """The copy, the cluster, and the gateway behind the cluster's ingress."""

    deployed_on: Infrastructure | None = None
    deployed: bool = False
    """Whether a release serves, be it what the copy's files say or another."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}

    @property
    def infrastructure(self) -> Infrastructure:
        assert self.deployed_on is not None
        return self.deployed_on

    def up(self, code: int = 0) -> Outcome:
        done = super().up(code)
        if code == 0 and not self.deployed:
            if TLS_SECRET not in self.objects("secrets"):
                self._bring_certificate()
            self.deployed = True
        return done

    def _bring_certificate(self) -> None:
        """What an administrator does once the namespace is there."""
        certificate, key = self.infrastructure.registry.authority.sign("ingress", f"DNS:{HOST}")
        files = (f"--cert={certificate}", f"--key={key}")
        self.kubectl("create", "secret", "tls", TLS_SECRET, *files)
        eventually(lambda: self.ask("/status/")[0] == HTTPStatus.OK, "an answer over TLS")

    def secret(self, key: str, value: str) -> None:
        """`pulumi config set --secret`, as a user does."""
        self.shell(f"pulumi config set --secret --path 'kaldra:{key}' '{value}'")

    @contextlib.contextmanager
    def different_secret(self, key: str, value: str) -> Iterator[None]:
        """Another secret in the stack's file until the block ends."""
        file = self.root / STACK_FILE
        before = file.read_text()
        self.secret(key, value)
        self.settled = False
        try:
            yield
        finally:
            file.write_text(before)

    def ask(self, path: str, body: object = None, *, key: str = KEY) -> tuple[int, str]:
        """GET or POST through the ingress, over TLS; (0, reason) where nobody answers."""
        trusted = self.infrastructure.registry.authority.certificate
        context = ssl.create_default_context(cafile=str(trusted))
        try:
            with httpx2.Client(verify=context, trust_env=False, timeout=ANSWER_SECONDS) as client:
                answer = client.request(
                    "GET" if body is None else "POST",
                    f"https://127.0.0.1:{self.infrastructure.ingress_port}{path}",
                    json=body,
                    headers={"Host": HOST, "X-API-Key": key, "Connection": "close"},
                    extensions={"sni_hostname": HOST},
                )
        except httpx2.TransportError as error:
            return 0, f"{type(error).__name__}: {error}"
        return answer.status_code, answer.text

    def get(self, path: str, *, port: int | None = None, **headers: str) -> tuple[int, str]:
        return self.ask(path)

    def pods(self, service: str) -> list[dict[str, Any]]:
        """Pods of a service that are not on their way out."""
        found = self.objects("pods").values()
        return [
            pod
            for pod in found
            if pod["metadata"]["labels"].get("app.kubernetes.io/name") == service
            and "deletionTimestamp" not in pod["metadata"]
        ]


def new_stage(folder: Path) -> Stage:
    """A copy with a staging stack and its cluster; nothing is deployed."""
    root = folder / "staging clone"
    copy_of_repo(root)
    decoy = folder / "kubeconfig"
    decoy.write_text(json.dumps({"kind": "Config", "current-context": "the-user's-own"}))
    stage = Stage(root, 0, 0, 0, decoy, stack=STACK, cluster=STAGING)
    stage.deployed_on = create(stage, folder)
    address = stage.infrastructure.registry.address
    registry = {
        "address": f"{address}/kaldra",
        "push": {"username": "pusher"},
        "pull": {"username": "puller"},
    }
    kubeconfig = str(stage.state / "kubeconfig")
    write_stack(root, STACK, **SETTINGS, registry=registry, kubeconfig=kubeconfig)
    every = " ".join(f"--secret 'kaldra:{key}={value}'" for key, value in SECRETS.items())
    stage.shell(f"pulumi config set-all --path {every}")
    return stage
