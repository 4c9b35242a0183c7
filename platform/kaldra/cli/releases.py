"""Releases of a stack, read from what Pulumi keeps of each update: result, configuration, state.

Nothing is recorded beside it. Where the state is in a folder, its history holds for each update a
file about it and a copy of the state it led to. Of a remote backend `pulumi stack history` tells
less: neither encrypted secrets nor images. There `up` leaves in the message of each update which
images it replaces.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kaldra.cli.workspace import Workspace, asked
from kaldra.stack.settings import NAMESPACE

DIGESTS = f"{NAMESPACE}:imageDigests"
"""Setting that deploys what was built before."""

GROUND = tuple(
    f"{NAMESPACE}:{key}"
    for key in (
        "apiPort", "clusterName", "kubeContext", "kubeconfig", "registryPort", "registryPull",
        "registryPush", "secretsProvider", "stateBackend",
    )
)  # fmt: skip
"""Settings that lead to a cluster and a registry: the way there is no part of a release."""

_SUFFIX = ".history.json"
_REPLACES = "Replaces "
_MOST = 1000
"""Operations that are looked at where the backend has to be asked for each."""
_STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Release:
    """What one update deployed, or tried to."""

    number: int
    """Its place among the stack's updates, refreshes and removals, from 1."""
    kind: str
    succeeded: bool
    ended: datetime
    revision: str
    """The commit that was checked out; "" where it was none."""
    config: Mapping[str, Any]
    """As in a stack file; secrets are encrypted."""
    images: Mapping[str, str]
    """Service → reference that names exactly what was built."""

    @property
    def digests(self) -> dict[str, str]:
        """Service → digest, or on Docker alone the image's id."""
        return {service: ref.rpartition("@")[2] for service, ref in sorted(self.images.items())}

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration that makes it this release: not where it is, nor how it got there."""
        return {k: v for k, v in self.config.items() if k not in (*GROUND, DIGESTS)}

    @property
    def title(self) -> str:
        """Number, time and commit, for a reader."""
        commit = f", {self.revision[:7]}" if self.revision else ""
        return f"{self.number} ({self.ended:%Y-%m-%d %H:%M} UTC{commit})"

    def same_as(self, other: "Release") -> bool:
        """Whether both deployed the same images with the same settings."""
        return (self.digests, self.settings) == (other.digests, other.settings)


def updates(workspace: Workspace) -> Iterator[Release]:
    """What was deployed to the stack, failed or not, newest first; ends where it was removed."""
    for found in _told(workspace) if workspace.remote else _kept(workspace):
        if found.kind == "destroy" and found.succeeded:
            return
        if found.kind == "update":
            yield found


def working(workspace: Workspace) -> Iterator[Release]:
    """Releases that were deployed well, newest first; one deployed again unchanged counts once."""
    newest: Release | None = None
    for release in updates(workspace):
        if release.succeeded and release.images and not (newest and release.same_as(newest)):
            yield release
            newest = release


def previous(workspace: Workspace) -> Release | None:
    """The newest working release that is not what the last update deployed, or None."""
    last = next(updates(workspace), None)
    if last is None:
        return None
    found = working(workspace)
    if not last.succeeded:
        return next(found, None)
    return next((release for release in found if not release.same_as(last)), None)


def message(workspace: Workspace, about: str = "") -> str:
    """What an update of a remote stack is to tell of the images that it replaces."""
    images = sorted(_images(workspace.deployment()).items())
    told = " ".join(f"{service}={reference}" for service, reference in images)
    return "\n".join(filter(None, [about, f"{_REPLACES}{told}" if told else ""]))


def _kept(workspace: Workspace) -> Iterator[Release]:
    """Every operation on the stack, newest first, from the state's folder."""
    folder = workspace.checkpoint.parents[2] / "history" / "kaldra" / workspace.stack
    files = sorted(folder.glob(f"*{_SUFFIX}"))
    for number, file in reversed(list(enumerate(files, start=1))):
        about = json.loads(file.read_text(encoding="utf-8"))
        copy = file.with_name(file.name.removesuffix(_SUFFIX) + ".checkpoint.json")
        try:
            document = json.loads(copy.read_text(encoding="utf-8"))
        except FileNotFoundError:
            document = {}
        ended = datetime.fromtimestamp(about.get("endTime") or about.get("startTime") or 0, UTC)
        images = _images(document.get("checkpoint", {}).get("latest") or {})
        yield _release(about, number, ended, about.get("config") or {}, images)


def _told(workspace: Workspace) -> Iterator[Release]:
    """The same of a remote backend; secret settings are missing, and images where nobody told."""
    told = asked(workspace, "stack", "history", "--json", f"--page-size={_MOST}")
    entries = json.loads(told or "[]")
    images = _images(workspace.deployment())
    for place, about in enumerate(entries):
        config = {
            key: value.get("objectValue", value.get("value"))
            for key, value in (about.get("config") or {}).items()
            if not value.get("secret")
        }
        number = about.get("version") or len(entries) - place
        ended = datetime.fromisoformat(about.get("endTime") or about["startTime"])
        yield _release(about, number, ended, config, images)
        images = _replaced(str(about.get("message") or ""))


def _release(
    about: Mapping[str, Any],
    number: int,
    ended: datetime,
    config: Mapping[str, Any],
    images: Mapping[str, str],
) -> Release:
    return Release(
        number=number,
        kind=str(about.get("kind")),
        succeeded=about.get("result") == "succeeded",
        ended=ended,
        revision=str((about.get("environment") or {}).get("git.head") or ""),
        config=config,
        images=images,
    )


def _images(deployment: Mapping[str, Any]) -> dict[str, str]:
    """What the program told of its images; none where the state has none."""
    outputs: dict[str, Any] = {}
    for resource in deployment.get("resources") or []:
        if resource.get("type") == _STACK_TYPE:
            outputs = resource.get("outputs") or {}
    return {k.removesuffix("Image"): str(v) for k, v in outputs.items() if k.endswith("Image")}


def _replaced(text: str) -> dict[str, str]:
    """Images that an update's message says it replaces."""
    line = next((line for line in text.splitlines() if line.startswith(_REPLACES)), "")
    pairs = (word.partition("=") for word in line.removeprefix(_REPLACES).split())
    return {service: reference for service, _, reference in pairs}
