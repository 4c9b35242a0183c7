"""What nothing needs any more: pure selections over what Docker, registry, node and cache list.

Only what is provably this project's is selected: by the title label of the services' images, names
that only `up` gives, paths that only our Dockerfiles have, folders of our own.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

_NOT_KEPT = f"not among the last {KEPT_RELEASES} releases"

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
    listed: Iterable[Mapping[str, Any]], needed: frozenset[str], before: float
) -> Iterator[Garbage]:
    """Images of `docker system df` whose ids and names are not `needed`.

    Of those made here for `up` itself, only ones created before `before` (seconds since the epoch).
    """
    for image in listed:
        tags, pushed = _names(image, "RepoTags"), _names(image, "RepoDigests")
        ours = all(_MADE_HERE.fullmatch(tag) for tag in tags)
        if is_former(image):
            names = pushed or [image["Id"]]
            why = f"{image['Labels'][TITLE_LABEL]} of a former build; no release needs it here"
        elif tags and not pushed and ours and image["Created"] < before:
            names, why = tags, "made for an earlier revision"
        else:
            continue
        if needed.isdisjoint([image["Id"], *tags]):
            size = max(0, image["Size"] - max(0, image.get("SharedSize", 0)))
            for place, name in enumerate(names):
                # It goes with the last of its names; its size counts once.
                yield Garbage("image", name, 0 if place else size, why)


def is_former(image: Mapping[str, Any]) -> bool:
    """Whether it is a service's image that a later build has taken the tag from."""
    return (image.get("Labels") or {}).get(TITLE_LABEL) in TITLES and not _names(image, "RepoTags")


def build_cache(entries: Sequence[Mapping[str, Any]], *, everything: bool) -> list[Garbage]:
    """Steps of our Dockerfiles that a later build of the same step has replaced.

    Older engines describe each COPY alike: one is ours if only such steps were built upon it.
    """
    ours = [e for e in entries if _OUR_STEP.search(e["Description"]) and not e["InUse"]]
    chosen = {entry["ID"] for entry in ours}
    if not everything:
        by_use = sorted(ours, key=lambda entry: entry.get("LastUsedAt") or "")
        chosen -= set({entry["Description"]: entry["ID"] for entry in by_use}.values())
    children: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        for parent in entry.get("Parents") or [entry.get("Parent") or ""]:
            children[parent].add(entry["ID"])
    copies = {e["ID"] for e in entries if e["Description"] == _COPY and not e["InUse"]}
    while found := {c for c in copies - chosen if children[c] and children[c] <= chosen}:
        chosen |= found
    why = "a step of our images" if everything else "a later build replaced it"
    # What was built upon another goes before it.
    last_first = sorted(entries, key=lambda entry: entry.get("CreatedAt") or "", reverse=True)
    return [
        Garbage("build cache", e["ID"], e["Size"], why) for e in last_first if e["ID"] in chosen
    ]


def manifests(listed: Mapping[str, Mapping[str, int]], needed: frozenset[str]) -> Iterator[Garbage]:
    """Images of the stack's registry: `repository@digest` → its blobs' sizes by digest."""
    goes = {name: blobs for name, blobs in listed.items() if name.partition("@")[2] not in needed}
    shared = {blob for name in listed.keys() - goes for blob in listed[name]}
    for name, blobs in goes.items():
        size = sum(size for blob, size in blobs.items() if blob not in shared)
        shared |= blobs.keys()
        yield Garbage("registry", name, size, _NOT_KEPT)


def node_images(
    images: str, containers: str, registry: str, kept: frozenset[str]
) -> Iterator[Garbage]:
    """Images of the stack's registry that no container of the node uses.

    `images` and `containers` are the tables of `ctr images list` and `ctr containers list`, which
    every node has. One image has several references; a selected one's name lists them all.
    """
    names: dict[str, list[str]] = defaultdict(list)
    sizes: dict[str, int] = {}
    for row in images.splitlines()[1:]:
        name, _, digest, size, unit, *_ = row.split()
        names[digest].append(name)
        sizes[digest] = int(float(size) * _UNITS[unit])
    used = {row.split()[1] for row in containers.splitlines()[1:]}
    for digest, references in names.items():
        tags = [name for name in references if not name.startswith("sha256:")]
        ours = tags and all(tag.startswith(f"{registry}/kaldra-") for tag in tags)
        if ours and digest not in kept and used.isdisjoint(references):
            yield Garbage("node image", " ".join(references), sizes[digest], _NOT_KEPT)


def _names(image: Mapping[str, Any], kind: str) -> list[str]:
    return [name for name in image.get(kind) or () if not name.startswith("<none>")]
