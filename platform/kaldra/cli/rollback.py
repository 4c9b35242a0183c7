"""`./kaldra rollback`: deploy the images and configuration of an earlier release."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from kaldra.cli import clean, releases, up
from kaldra.cli.deploy import deployed_or_fail, ready
from kaldra.cli.releases import Release
from kaldra.cli.ui import Console, confirm
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import REPO
from kaldra.render.diff import ABSENT, fields
from kaldra.stack import stack_file
from kaldra.stack.settings import NAMESPACE
from kaldra.toolchain import docker_client
from kaldra.toolchain.files import sharing


@sharing(clean.LOCK)
def run(console: Console, *, stack: str, to: int | None, assume_yes: bool) -> None:
    """Preview the release before the last one (or number `to`), ask, deploy it and ask it."""
    updates = releases.updates(deployed_or_fail(console, stack))
    release = _chosen(stack, updates, to)
    pulumi = ready(console, stack, assume_yes=assume_yes, with_cluster=True)
    sources = f"Check out the earlier sources, then: ./kaldra up --stack {stack}"
    if pulumi.cluster and up.last_cluster(pulumi.workspace) != pulumi.cluster:
        raise KaldraError(
            "The cluster or the registry was recreated since the last release; "
            "the images of earlier releases are gone.",
            hint=sources,
        )
    up.require_target(pulumi)
    for service, reference in release.images.items():
        if not _exists(pulumi.workspace, reference):
            raise KaldraError(
                f"The image of {service} in release {release.number} is gone: {reference}",
                hint=sources,
            )
    with tempfile.TemporaryDirectory(prefix="kaldra-rollback-") as folder:
        file = Path(folder) / f"Pulumi.{stack}.yaml"
        file.write_text(_stack_file(stack, release), encoding="utf-8")
        for line in _told(updates[0], release):
            console.note(line)
        pulumi.show("preview", "--diff", "--refresh", f"--config-file={file}")
        if not assume_yes:
            question = f"Roll back to release {release.number}?"
            confirm(question, f"./kaldra rollback --stack {stack} --yes")
        about = f"Rollback to release {release.number}"
        up.deploy(pulumi, f"--config-file={file}", about=about)
    up.ask(pulumi)
    console.note(
        f"Release {release.number} is deployed. The next ./kaldra up deploys these sources and "
        f"Pulumi.{stack}.yaml again."
    )


def _chosen(stack: str, updates: Sequence[Release], number: int | None) -> Release:
    """The release to roll back to; raises KaldraError if there is none."""
    hint = f"./kaldra status --stack {stack}"
    if number is None:
        if found := releases.previous(updates):
            return found
        raise KaldraError(f"Stack {stack} has no earlier release that worked.", hint=hint)
    every = {r.number: r for r in updates if r.succeeded and r.images}
    if number not in every:
        known = ", ".join(map(str, every)) or "none"
        raise ConfigurationError(
            f"Stack {stack} has no release {number} that worked; it has: {known}.", hint=hint
        )
    return every[number]


def _exists(workspace: Workspace, reference: str) -> bool:
    """Whether there is the image, as far as it can be checked here."""
    settings = workspace.settings
    if settings.target == "local":
        return docker_client.image_id(reference) is not None
    return settings.target != "dev" or _in_registry(settings.registry_port, reference)


def _in_registry(port: int, reference: str) -> bool:
    address = f"localhost:{port}"
    with docker_client.engine() as api:
        digest = docker_client.registry_digest(api, f"{address}/{reference.partition('/')[2]}")
    if digest is None:
        raise KaldraError(
            f"Cannot check whether the registry at {address} has {reference}.",
            hint="./kaldra doctor",
        )
    return digest != ""


def _stack_file(stack: str, release: Release) -> str:
    """A stack file with the release's settings and images, and the current secrets and cluster.

    Pulumi's history does not contain secrets.
    """
    now = stack_file.document(stack, REPO)
    stays = {
        key: value
        for key, value in (now.get("config") or {}).items()
        if key in releases.INFRASTRUCTURE or _holds_secret(value)
    }
    if "address" in (registry := stays.get(releases.REGISTRY) or {}):
        # Pulumi's history does not tell the group, as it holds secrets.
        address = next(iter(release.images.values())).rpartition("/")[0]
        stays[releases.REGISTRY] = {**registry, "address": address}
    now["config"] = {**release.settings, **stays, releases.DIGESTS: release.digests}
    return yaml.safe_dump(now)


def _holds_secret(value: Any) -> bool:
    return isinstance(value, dict) and (
        "secure" in value or any(map(_holds_secret, value.values()))
    )


def _told(last: Release, release: Release) -> Iterator[str]:
    """The images and settings that change."""
    yield f"Rolling back to release {release.title}:"
    digests = {s: (last.digests.get(s, "none"), d) for s, d in release.digests.items()}
    changed = [f"{s}: {a[:19]} → {b[:19]}" for s, (a, b) in digests.items() if a != b]
    changed += [
        f"{field.path}: {_shown(field.before)} → {_shown(field.after)}"
        for field in fields(_by_name(last), _by_name(release))
    ]
    yield from (f"  {line}" for line in changed or ["no difference in images and settings"])
    yield "  Existing images are used; only their builds are removed from the state."
    if release.revision and release.revision != last.revision:
        yield (
            "  The program is the one checked out now; for the earlier one: "
            f"git checkout {release.revision[:7]}"
        )


def _by_name(release: Release) -> dict[str, Any]:
    return {k.removeprefix(f"{NAMESPACE}:"): v for k, v in release.settings.items()}


def _shown(value: Any) -> str:
    return "not set" if value is ABSENT else str(value)
