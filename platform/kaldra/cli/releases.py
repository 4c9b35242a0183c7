"""Releases of a stack, read from `pulumi stack history`: result, configuration, message.

History contains neither secrets nor outputs. Therefore each `up` records the images it replaces in
its message; those of the last update are in the state.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kaldra.cli.pulumi import Deployment
from kaldra.stack.settings import NAMESPACE

DIGESTS = f"{NAMESPACE}:imageDigests"
"""Setting that deploys existing images."""

REGISTRY = f"{NAMESPACE}:registry"
"""Settings of the registry; its accounts are secret."""

INFRASTRUCTURE = tuple(
    f"{NAMESPACE}:{key}"
    for key in (
        "apiPort", "clusterName", "kubeContext", "kubeconfig", "registry", "registryPort",
        "secretsProvider", "stateBackend",
    )
)  # fmt: skip
"""Settings of cluster, registry and state, which are not part of a release."""

_REPLACES = "Replaces "
_MOST = 1000
"""Maximum number of operations read."""


@dataclass(frozen=True)
class Release:
    """One update, successful or not."""

    number: int
    """Number among the stack's updates, refreshes and removals, from 1."""
    succeeded: bool
    ended: datetime
    revision: str
    """The commit that was checked out, or ""."""
    settings: Mapping[str, Any]
    """As in a stack file; without secrets, digests and settings of cluster and registry."""
    images: Mapping[str, str]
    """Service → image reference by digest; empty if unknown."""

    @property
    def digests(self) -> dict[str, str]:
        """Service → digest, or the image's id on the `local` target."""
        return {service: ref.rpartition("@")[2] for service, ref in sorted(self.images.items())}

    @property
    def title(self) -> str:
        """Number, time and commit, for display."""
        commit = f", {self.revision[:7]}" if self.revision else ""
        return f"{self.number} ({self.ended:%Y-%m-%d %H:%M} UTC{commit})"

    @property
    def content(self) -> tuple[object, object]:
        """What it deployed; the same in releases that make no difference."""
        return self.digests, self.settings


def updates(deployed: Deployment) -> list[Release]:
    """Updates since the stack was last removed, failed ones included, newest first."""
    history = deployed.pulumi.read("stack", "history", "--json", f"--page-size={_MOST}") or []
    images: Mapping[str, str] = deployed.images
    found = []
    for place, entry in enumerate(history):
        if entry["kind"] == "destroy" and entry.get("result") == "succeeded":
            break
        if entry["kind"] != "update":
            continue  # it did not change images
        settings = {
            key: value.get("objectValue", value.get("value"))
            for key, value in (entry.get("config") or {}).items()
            if not value.get("secret") and key not in (*INFRASTRUCTURE, DIGESTS)
        }
        release = Release(
            number=entry.get("version") or len(history) - place,
            succeeded=entry.get("result") == "succeeded",
            ended=datetime.fromisoformat(entry.get("endTime") or entry["startTime"]),
            revision=str((entry.get("environment") or {}).get("git.head") or ""),
            settings=settings,
            images=images,
        )
        found.append(release)
        images = _replaced(str(entry.get("message") or ""))
    return found


def working(updates: Sequence[Release]) -> Iterator[Release]:
    """Successful releases, newest first; identical consecutive ones count once."""
    succeeded = (release for release in updates if release.succeeded and release.images)
    for _, same in itertools.groupby(succeeded, key=lambda release: release.content):
        yield next(same)


def previous(updates: Sequence[Release]) -> Release | None:
    """The newest working release that differs from the last update, or None."""
    current = updates[0].content if updates and updates[0].succeeded else None
    return next((release for release in working(updates) if release.content != current), None)


def message(images: Mapping[str, str], about: str = "") -> str:
    """The update message that records the images it replaces."""
    told = " ".join(f"{service}={reference}" for service, reference in sorted(images.items()))
    return "\n".join(filter(None, [about, f"{_REPLACES}{told}"]))


def _replaced(text: str) -> dict[str, str]:
    """Images that an update's message says it replaces."""
    line = next((line for line in text.splitlines() if line.startswith(_REPLACES)), "")
    return dict(re.findall(r"(\S+?)=(\S+)", line))
