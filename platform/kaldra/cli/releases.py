"""Releases of a stack, read from `pulumi stack history`: result, configuration, message.

History tells neither encrypted secrets nor outputs. So each `up` says in its message which images
it replaces; those of the last update are in the state.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kaldra.cli.pulumi import Deployment, Pulumi
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

_REPLACES = "Replaces "
_MOST = 1000
"""Operations that are looked at."""


@dataclass(frozen=True)
class Release:
    """What one update deployed, or tried to."""

    number: int
    """Its place among the stack's updates, refreshes and removals, from 1."""
    succeeded: bool
    ended: datetime
    revision: str
    """The commit that was checked out; "" where it was none."""
    config: Mapping[str, Any]
    """As in a stack file, without secrets."""
    images: Mapping[str, str]
    """Service → reference that names exactly what was built; empty where nobody said."""

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


def updates(pulumi: Pulumi, deployed: Deployment) -> list[Release]:
    """What was deployed to the stack, failed or not, newest first, since it was last removed."""
    history = ("stack", "history", "--json", f"--page-size={_MOST}")
    entries = pulumi.read(*history, "--stack", pulumi.workspace.stack)
    return list(_updates(entries or [], deployed.images))


def working(updates: Sequence[Release]) -> Iterator[Release]:
    """Releases that were deployed well, newest first; one deployed again unchanged counts once."""
    newest: Release | None = None
    for release in updates:
        if release.succeeded and release.images and not (newest and release.same_as(newest)):
            yield release
            newest = release


def previous(updates: Sequence[Release]) -> Release | None:
    """The newest working release that is not what the last update deployed, or None."""
    if not updates:
        return None
    last = updates[0]
    return next((r for r in working(updates) if not (last.succeeded and r.same_as(last))), None)


def message(images: Mapping[str, str], about: str = "") -> str:
    """What an update is to tell of the images that it replaces."""
    told = " ".join(f"{service}={reference}" for service, reference in sorted(images.items()))
    return "\n".join(filter(None, [about, f"{_REPLACES}{told}"]))


def _updates(entries: Sequence[Mapping[str, Any]], images: Mapping[str, str]) -> Iterator[Release]:
    for place, entry in enumerate(entries):
        if entry["kind"] == "destroy" and entry.get("result") == "succeeded":
            return
        if entry["kind"] != "update":
            continue  # it left the images as they were
        config = {
            key: value.get("objectValue", value.get("value"))
            for key, value in (entry.get("config") or {}).items()
            if not value.get("secret")
        }
        yield Release(
            number=entry.get("version") or len(entries) - place,
            succeeded=entry.get("result") == "succeeded",
            ended=datetime.fromisoformat(entry.get("endTime") or entry["startTime"]),
            revision=str((entry.get("environment") or {}).get("git.head") or ""),
            config=config,
            images=images,
        )
        images = _replaced(str(entry.get("message") or ""))


def _replaced(text: str) -> dict[str, str]:
    """Images that an update's message says it replaces."""
    line = next((line for line in text.splitlines() if line.startswith(_REPLACES)), "")
    pairs = (word.partition("=") for word in line.removeprefix(_REPLACES).split())
    return {service: reference for service, _, reference in pairs}
