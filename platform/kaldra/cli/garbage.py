"""What nothing needs any more: pure selections over what Docker, registry, node and cache list.

Only what is provably this project's is selected: by the title label of the services' images, names
that only `up` gives, paths that only our Dockerfiles have, folders of our own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kaldra.stack.services import SERVICES

KEPT_RELEASES = 5
"""Releases that a rollback can name."""

WEEK_SECONDS = 7 * 24 * 3600
"""What is shared by clones and in no known clone's use stays for so long."""

TITLES = tuple(service.name for service in SERVICES)
"""Values of the title label of the services' images."""

TITLE_LABEL = "org.opencontainers.image.title"

_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

_MADE_HERE = re.compile(r"kaldra/(?:base|builder|node-base|node|registry):\S+")
"""Images that `up` builds for itself."""

_OUR_STEP = re.compile(
    r"/layer/srv\b|--from=[\w-]+-(?:packages|source) /layer /"
    r"|(?:platform/images|/tmp)/install\.sh\b"
)
"""Steps of platform/images/Dockerfile that take space."""

_COPY = "fileop target"

_REFERENCE = re.compile(rf"sha256:[0-9a-f]{{64}}|{_MADE_HERE.pattern}".replace(r"\S+", r"[\w.-]+"))

Kind = Literal["image", "build cache", "registry", "node image", "tool", "former key"]


@dataclass(frozen=True)
class Garbage:
    """One thing that can go."""

    kind: Kind
    name: str
    """What it is removed by."""
    size: int
    """Bytes that nothing else shares; 0 where that is not known."""
    why: str

    @property
    def title(self) -> str:
        """Its name in short."""
        return re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]+", r"\1", self.name)


def mentioned(texts: Iterable[str]) -> frozenset[str]:
    """Digests, ids and names of our images in the states of stacks."""
    return frozenset(found for text in texts for found in _REFERENCE.findall(text))


def images(
    listed: Iterable[Mapping[str, Any]], used: frozenset[str], kept: frozenset[str], before: float
) -> list[Garbage]:
    """Images of `docker system df` that no container uses.

    `used` are ids of containers' images, `kept` ids and names that states mention. Of those made
    here for `up` itself, only ones created before `before` (seconds since the epoch) are selected.
    """
    found = []
    for image in listed:
        if image["Id"] in used | kept:
            continue
        size = max(0, image["Size"] - max(0, image.get("SharedSize", 0)))
        tags, pushed = _names(image, "RepoTags"), _names(image, "RepoDigests")
        if is_former(image):
            why = f"{image['Labels'][TITLE_LABEL]} of a former build; no release needs it here"
            found += _each("image", pushed or [image["Id"]], size, why)
        elif tags and not pushed and all(_MADE_HERE.fullmatch(tag) for tag in tags):
            if image["Created"] >= before or kept.intersection(tags):
                continue
            found += _each("image", tags, size, "made for an earlier revision")
    return found


def is_former(image: Mapping[str, Any]) -> bool:
    """Whether it is a service's image that a later build has taken the tag from."""
    return (image.get("Labels") or {}).get(TITLE_LABEL) in TITLES and not _names(image, "RepoTags")


def build_cache(entries: Sequence[Mapping[str, Any]], *, everything: bool) -> list[Garbage]:
    """Steps of our Dockerfiles that a later build of the same step has replaced.

    Older engines describe each COPY alike: one is ours if only such steps were built upon it.
    """
    newest: dict[str, Mapping[str, Any]] = {}
    ours = [e for e in entries if _OUR_STEP.search(e["Description"]) and not e["InUse"]]
    for entry in sorted(ours, key=lambda entry: entry.get("LastUsedAt") or ""):
        newest[entry["Description"]] = entry
    chosen = {e["ID"] for e in ours if everything or newest[e["Description"]] is not e}
    children: dict[str, set[str]] = {}
    for entry in entries:
        for parent in entry.get("Parents") or [entry.get("Parent") or ""]:
            children.setdefault(parent, set()).add(entry["ID"])
    copies = {e["ID"] for e in entries if e["Description"] == _COPY and not e["InUse"]}
    while found := {c for c in copies - chosen if children.get(c, set()) and children[c] <= chosen}:
        chosen |= found
    why = "a later build replaced it" if not everything else "a step of our images"
    # What was built upon another goes before it.
    last_first = sorted(entries, key=lambda entry: entry.get("CreatedAt") or "", reverse=True)
    return [
        Garbage("build cache", e["ID"], e["Size"], why) for e in last_first if e["ID"] in chosen
    ]


def manifests(
    listed: Mapping[str, Mapping[str, int]], tagged: frozenset[str], kept: frozenset[str]
) -> list[Garbage]:
    """Images of the stack's registry: `repository@digest` → its blobs' sizes by digest."""
    stays = {name for name in listed if name.partition("@")[2] in kept | tagged}
    shared = {blob for name in stays for blob in listed[name]}
    found = []
    for name, blobs in listed.items():
        if name not in stays:
            size = sum(size for blob, size in blobs.items() if blob not in shared)
            shared |= blobs.keys()
            why = f"not among the last {KEPT_RELEASES} releases"
            found.append(Garbage("registry", name, size, why))
    return found


def node_images(images: str, containers: str, registry: str, kept: frozenset[str]) -> list[Garbage]:
    """Images of the stack's registry that no container of the node uses.

    `images` and `containers` are the tables of `ctr images list` and `ctr containers list`, which
    every node has. One image has several references; a selected one's name lists them all.
    """
    references: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    for row in images.splitlines()[1:]:
        reference, _, digest, size, unit, *_ = row.split()
        references.setdefault(digest, []).append(reference)
        sizes[digest] = int(float(size) * _UNITS[unit])
    used = {row.split()[1] for row in containers.splitlines()[1:]}
    found = []
    for digest, names in references.items():
        ours = [name for name in names if name.startswith(f"{registry}/kaldra-")]
        others = [name for name in names if name not in ours and not name.startswith("sha256:")]
        if ours and not others and not used.intersection(names) and digest not in kept:
            why = f"not among the last {KEPT_RELEASES} releases"
            found.append(Garbage("node image", " ".join(names), sizes[digest], why))
    return found


def _names(image: Mapping[str, Any], kind: str) -> list[str]:
    return [name for name in image.get(kind) or () if not name.startswith("<none>")]


def _each(kind: Kind, names: Sequence[str], size: int, why: str) -> list[Garbage]:
    """One for each name of an image; it goes with the last of them, and its size counts once."""
    return [Garbage(kind, name, 0 if place else size, why) for place, name in enumerate(names)]
