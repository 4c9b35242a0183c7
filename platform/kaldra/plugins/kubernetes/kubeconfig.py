"""Which cluster, and as whom: read from a kubeconfig as kubectl reads it."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kaldra import variables
from kaldra.errors import ConfigurationError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_IN_CLUSTER = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True)
class Cluster:
    """A server and how to trust it. PEM material is bytes, b"" where there is none."""

    server: str
    authority: bytes = b""
    verify: bool = True
    server_name: str = ""
    proxy: str = ""


@dataclass(frozen=True)
class User:
    """Credentials; at most one kind is set, besides a client certificate."""

    certificate: bytes = b""
    key: bytes = b""
    token: str = ""
    token_file: str = ""
    username: str = ""
    password: str = ""
    command: Mapping[str, Any] = field(default_factory=dict)
    """The `exec` entry: a program that prints credentials."""


@dataclass(frozen=True)
class Access:
    """Everything a client needs."""

    context: str
    cluster: Cluster
    user: User
    namespace: str = ""


def load(given: object, *, context: str = "", cluster: str = "") -> Access:
    """Resolve a kubeconfig to one cluster.

    `given` is a path, the contents (text or object), or empty for the ambient one; `context` and
    `cluster` override the file's own choice. Raises ConfigurationError naming what is missing.
    """
    config, where = _read(given)
    if not config and not given:
        if _IN_CLUSTER.is_dir():
            return _in_cluster()
        raise ConfigurationError(
            f"There is no kubeconfig: {where} does not exist.",
            hint="Set the provider's `kubeconfig`, or the variable KUBECONFIG.",
        )
    name = context or str(config.get("current-context") or "")
    if not name:
        raise ConfigurationError(
            f"No Kubernetes context is chosen: {where} has no current-context.",
            hint="Name one with the provider's `context`, or: kubectl config use-context NAME",
        )
    chosen = _named(config, "contexts", "context", name, where)
    directory = Path(where).parent if os.path.sep in where else Path()
    entry = _named(config, "clusters", "cluster", cluster or str(chosen.get("cluster")), where)
    user = chosen.get("user")
    return Access(
        context=name,
        cluster=_cluster(entry, directory, where),
        user=_user(_named(config, "users", "user", str(user), where) if user else {}, directory),
        namespace=str(chosen.get("namespace") or ""),
    )


def identity(given: object, *, context: str = "", cluster: str = "") -> Cluster | None:
    """Tell which cluster a provider's settings mean; None where that cannot be told."""
    try:
        return load(given, context=context, cluster=cluster).cluster
    except ConfigurationError:
        return None


def _read(given: object) -> tuple[dict[str, Any], str]:
    if isinstance(given, dict):
        return given, "the given kubeconfig"
    if isinstance(given, str) and given:
        path = Path(given).expanduser()
        # Contents are longer than any path may be, and not a path's shape.
        if "\n" not in given and not given.lstrip().startswith("{"):
            if not path.is_file():
                raise ConfigurationError(f"The kubeconfig {given} does not exist.")
            return _parse(path.read_text(encoding="utf-8"), str(path)), str(path)
        return _parse(given, "the given kubeconfig"), "the given kubeconfig"
    paths = [Path(p) for p in variables.KUBECONFIG.value.split(os.pathsep) if p]
    paths = paths or [Path.home() / ".kube" / "config"]
    merged: dict[str, Any] = {}
    for path in paths:
        if path.is_file():
            _merge(merged, _parse(path.read_text(encoding="utf-8"), str(path)), path.parent)
    return merged, os.pathsep.join(map(str, paths))


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        config = yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader, the C one if built
    except yaml.YAMLError as error:
        # The error's own text quotes the file, which holds credentials.
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        raise ConfigurationError(f"{where} is no kubeconfig: not valid YAML{line}.") from None
    if not isinstance(config, dict):
        raise ConfigurationError(f"{where} is no kubeconfig: it holds no mapping.")
    return config


def _merge(merged: dict[str, Any], config: dict[str, Any], directory: Path) -> None:
    # Where several files are given, the first to say something wins.
    for key in ("clusters", "users", "contexts"):
        known = {entry.get("name") for entry in merged.setdefault(key, [])}
        for entry in config.get(key) or []:
            if entry.get("name") not in known:
                merged[key].append({**entry, "directory": str(directory)})
    if not merged.get("current-context"):
        merged["current-context"] = config.get("current-context")


def _named(config: dict[str, Any], group: str, kind: str, name: str, where: str) -> dict[str, Any]:
    names = []
    for entry in config.get(group) or []:
        if entry.get("name") == name:
            return {**(entry.get(kind) or {}), "directory": entry.get("directory", "")}
        names.append(str(entry.get("name")))
    known = ", ".join(sorted(names)) or "none"
    raise ConfigurationError(
        f"{where} has no {kind} named {name!r} (it has: {known}).",
        hint="kubectl config get-contexts" if kind == "context" else "",
    )


def _cluster(entry: dict[str, Any], directory: Path, where: str) -> Cluster:
    if not entry.get("server"):
        raise ConfigurationError(f"{where} names no server for its cluster.")
    directory = Path(entry.get("directory") or directory)
    return Cluster(
        server=str(entry["server"]).rstrip("/"),
        authority=_material(entry, "certificate-authority", directory),
        verify=not entry.get("insecure-skip-tls-verify"),
        server_name=str(entry.get("tls-server-name") or ""),
        proxy=str(entry.get("proxy-url") or ""),
    )


def _user(entry: dict[str, Any], directory: Path) -> User:
    directory = Path(entry.get("directory") or directory)
    token_file = str(entry.get("tokenFile") or "")
    return User(
        certificate=_material(entry, "client-certificate", directory),
        key=_material(entry, "client-key", directory),
        token=str(entry.get("token") or ""),
        token_file=str(directory / token_file) if token_file else "",
        username=str(entry.get("username") or ""),
        password=str(entry.get("password") or ""),
        command=entry.get("exec") or {},
    )


def _material(entry: dict[str, Any], key: str, directory: Path) -> bytes:
    if data := entry.get(f"{key}-data"):
        return base64.b64decode(data)
    if path := entry.get(key):
        file = directory / str(path)
        if not file.is_file():
            raise ConfigurationError(f"The kubeconfig's {key} {file} does not exist.")
        return file.read_bytes()
    return b""


def _in_cluster() -> Access:
    host, port = variables.IN_CLUSTER_HOST.value, variables.IN_CLUSTER_PORT.value
    return Access(
        context="in-cluster",
        cluster=Cluster(f"https://{host}:{port}", (_IN_CLUSTER / "ca.crt").read_bytes()),
        user=User(token_file=str(_IN_CLUSTER / "token")),
        namespace=(_IN_CLUSTER / "namespace").read_text(encoding="utf-8").strip(),
    )


def exec_request(user: User) -> tuple[list[str], dict[str, str]]:
    """Command line and environment of the user's credential program."""
    command = user.command
    info = {
        "apiVersion": command.get("apiVersion") or "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }
    variables = {str(e["name"]): str(e["value"]) for e in command.get("env") or []}
    return (
        [str(command.get("command")), *map(str, command.get("args") or [])],
        {**os.environ, **variables, "KUBERNETES_EXEC_INFO": json.dumps(info)},
    )
