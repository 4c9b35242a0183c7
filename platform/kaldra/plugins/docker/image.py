"""`Image`: built when something it is made of changed, pushed when the registry lacks it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kaldra.errors import KaldraError
from kaldra.plugins.diffs import Change, Diff, compare
from kaldra.plugins.diffs import Kind as ChangeKind
from kaldra.plugins.docker import credentials, registry
from kaldra.plugins.docker.build import Recipe, build
from kaldra.plugins.docker.context import digest
from kaldra.plugins.docker.kind import Kind
from kaldra.plugins.docker.naming import strip
from kaldra.plugins.docker.progress import Throttle
from kaldra.plugins.provider import Checked, Failure, Found, Resource
from kaldra.plugins.values import (
    UNKNOWN,
    Props,
    Secret,
    Unknown,
    contains_unknown,
    reveal,
    secret_texts,
)

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_BUILDERS = {"BuilderBuildKit": True, "BuilderV1": False}
_STATUS_SECONDS = 1.0
_CREDENTIALS = {("registry", "username"), ("registry", "password")}
_INPUTS = "__inputs"
"""Entry of the state that holds the inputs it was built from, as the official plugin keeps them."""


class Images(Kind):
    """Its id is the image's name; `repoDigest` names exactly what was built."""

    def check(self, news: Props, name: str | None) -> Checked:  # noqa: ARG002  never automatic
        """Fill in where to build, for which platform, and the digest of what is built from."""
        inputs = {key: value for key, value in news.items() if value is not None}
        inputs.setdefault("buildOnPreview", False)
        failures = _name_failures(inputs)
        given = inputs.get("build")
        if isinstance(given, (Unknown, Secret)):
            return Checked(inputs, failures)
        options = {key: value for key, value in (given or {}).items() if value is not None}
        inputs["build"] = options
        options.setdefault("context", ".")
        if not isinstance(options["context"], Unknown):
            beside = Path(reveal(options["context"]), "Dockerfile")
            options.setdefault("dockerfile", os.path.normpath(beside))
        machine = os.uname().machine.lower()
        options.setdefault("platform", f"linux/{_ARCHITECTURES.get(machine, machine)}")
        failures += _build_failures(options)
        if not failures and not contains_unknown([options.get("context"), options["dockerfile"]]):
            where = reveal(options)
            options["contextDigest"] = digest(where["context"], where["dockerfile"])
        return Checked(inputs, failures)

    def diff(
        self,
        resource: Resource,
        id_: str,  # noqa: ARG002  the name is among the inputs
        old_inputs: Props,
        old_state: Props,
        news: Props,
    ) -> Diff:
        """Any changed input is a build; so is an image that its registry or engine has lost."""
        olds = reveal(old_state.get(_INPUTS)) or old_inputs
        changes = {
            path: change
            for path, change in compare(strip(olds), strip(news)).items()
            if path not in _CREDENTIALS
        }
        if not changes and self._is_lost(old_state):
            place = "its registry" if "@" in str(old_state["repoDigest"]) else "Docker"
            self.host.info(resource.urn, f"{place} no longer has this image: it is built again.")
            changes[("repoDigest",)] = Change(ChangeKind.UPDATE, input_only=False)
        return Diff(changes)

    def create(self, resource: Resource, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        """Build and push. In a preview only where `buildOnPreview` asks for a build."""
        plain = reveal(inputs)
        if preview:
            if plain.get("buildOnPreview") is True and not contains_unknown(plain):
                self._build(resource, inputs)
            return "", _state(plain, UNKNOWN)
        image = self._build(resource, inputs)
        repo_digest = image if plain.get("skipPush") else self._push(resource, plain, image)
        return str(plain["imageName"]), {**_state(plain, repo_digest), _INPUTS: inputs}

    def read(self, id_: str, inputs: Props, state: Props) -> Found | None:
        """None when the registry on this machine, or the engine, no longer has it."""
        return None if self._is_lost(state) else Found(id_, state, inputs)

    def update(self, resource: Resource, id_: str, news: Props, *, preview: bool) -> Props:  # noqa: ARG002
        """Build and push anew."""
        return self.create(resource, news, preview=preview)[1]

    def delete(self, id_: str, inputs: Props, state: Props) -> None:
        """Images stay, in the engine and in the registry, as with the official plugin."""

    def _is_lost(self, state: Props) -> bool:
        known = reveal(state.get("repoDigest"))
        if not isinstance(known, str) or not known:
            return False
        if "@" in known:
            return registry.digest_of(known) == ""
        return self.engine.find(f"/images/{quote(known, safe='')}/json") is None

    def _build(self, resource: Resource, inputs: Props) -> str:
        recipe = _recipe(inputs)
        self.host.status(resource.urn, "building")
        return build(
            recipe,
            self.engine.address.environment(),
            self.cancelled,
            lambda text: self.host.status(resource.urn, text),
        )

    def _push(self, resource: Resource, plain: Props, image: str) -> str:
        """Make sure the registry has it under its name; returns `repository@digest`."""
        name = str(plain["imageName"])
        repository = _repository(name)
        served = registry.digest_of(name)
        if served and f"{repository}@{served}" in self._digests(image):
            self.host.status(resource.urn, "the registry has it already")
            return f"{repository}@{served}"
        server = (plain.get("registry") or {}).get("server") or credentials.server_of(name)
        auth = credentials.find(server, plain.get("registry") or {}, self.registry_auth)
        pushed, throttle = _Pushed(), Throttle(_STATUS_SECONDS)
        path, what = f"/images/{quote(repository)}/push", f"pushing {name}"
        hint = "./kaldra doctor" if registry.is_local(server) else f"docker login {server}"
        for message in self.engine.stream(path, what, auth=auth, hint=hint, tag=_tag(name)):
            pushed.take(message)
            if throttle.ready():
                self.host.status(resource.urn, pushed.status())
        # Not every engine tells the digest at the end of a push.
        told = pushed.digest or registry.digest_of(name)
        reference = f"{repository}@{told}" if told else self._own_digest(image, repository)
        if registry.digest_of(reference) == "":
            raise KaldraError(f"{server} took {name}, but does not serve {reference}.")
        self.host.info(resource.urn, pushed.summary(server))
        return reference

    def _own_digest(self, image: str, repository: str) -> str:
        for reference in self._digests(image):
            if reference.startswith(f"{repository}@"):
                return reference
        raise KaldraError(f"Docker pushed {image} to {repository} without telling its digest.")

    def _digests(self, image: str) -> list[str]:
        found = self.engine.find(f"/images/{quote(image, safe='')}/json") or {}
        return [str(reference) for reference in found.get("RepoDigests") or []]


class _Pushed:
    """Follows a push: which layers travel, how many bytes, and the digest at its end."""

    def __init__(self) -> None:
        self.digest = ""
        self._bytes: dict[str, int] = {}
        self._layers: set[str] = set()

    def take(self, message: Mapping[str, Any]) -> None:
        self.digest = (message.get("aux") or {}).get("Digest") or self.digest
        layer, status = message.get("id"), message.get("status")
        if layer and status in ("Pushing", "Pushed", "Layer already exists"):
            self._layers.add(layer)
        if layer and status == "Pushing":
            current = (message.get("progressDetail") or {}).get("current") or 0
            self._bytes[layer] = max(self._bytes.get(layer, 0), int(current))

    def status(self) -> str:
        return f"pushing: {_size(sum(self._bytes.values()))}"

    def summary(self, server: str) -> str:
        if not self._bytes:
            return f"{server} has every layer already; the tag was moved."
        count = f"{len(self._bytes)} of {len(self._layers)} layers"
        return f"Pushed {count}, {_size(sum(self._bytes.values()))}, to {server}."


def _size(count: int) -> str:
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def _state(plain: Props, repo_digest: Any) -> Props:
    name, options = plain.get("imageName"), plain.get("build")
    options = options if isinstance(options, dict) else {}
    context, dockerfile = options.get("context"), options.get("dockerfile")
    known = isinstance(context, str) and isinstance(dockerfile, str)
    return {
        "baseImageName": name,
        "imageName": name,
        "registryServer": (plain.get("registry") or {}).get("server") or "",
        "context": context,
        "dockerfile": _relative(str(context), str(dockerfile)) if known else UNKNOWN,
        "platform": options.get("platform"),
        "repoDigest": repo_digest,
    }


def _relative(context: str, dockerfile: str) -> str:
    path = Path(dockerfile)
    return os.path.relpath(path.parent.resolve() / path.name, Path(context).resolve())


def _recipe(inputs: Props) -> Recipe:
    plain = reveal(inputs)
    options = plain["build"]
    arguments = {key: str(value) for key, value in (options.get("args") or {}).items()}
    secret = set(secret_texts(inputs))
    return Recipe(
        image=str(plain["imageName"]),
        context=options["context"],
        dockerfile=options["dockerfile"],
        args=arguments,
        secret_args=frozenset(key for key, value in arguments.items() if value in secret),
        target=options.get("target") or "",
        platform=options.get("platform") or "",
        network=options.get("network") or "",
        buildkit=_BUILDERS.get(str(options.get("builderVersion")), True),
        cache_from=tuple((options.get("cacheFrom") or {}).get("images") or ()),
        add_hosts=tuple(options.get("addHosts") or ()),
    )


def _name_failures(inputs: Props) -> list[Failure]:
    name = reveal(inputs.get("imageName"))
    if name is None:
        return [Failure("imageName", "is required")]
    if isinstance(name, Unknown) or reveal(inputs.get("skipPush")):
        return []
    first, slash, _ = str(name).partition("/")
    if slash and re.search(r"[.:]|^localhost$", first):
        return []
    reason = f"{name!r} names no registry to push to: write docker.io/{name}, or set skipPush"
    return [Failure("imageName", reason)]


def _build_failures(options: Props) -> list[Failure]:
    plain = reveal(options)
    failures = []
    version = plain.get("builderVersion")
    if isinstance(version, str) and version not in _BUILDERS:
        failures.append(Failure("build.builderVersion", f"{version!r} is none of {[*_BUILDERS]}"))
    context, dockerfile = plain.get("context"), plain.get("dockerfile")
    if isinstance(context, str) and not Path(context).is_dir():
        failures.append(Failure("build.context", f"there is no folder {Path(context).absolute()}"))
    elif isinstance(dockerfile, str) and not Path(dockerfile).is_file():
        reason = f"there is no file {Path(dockerfile).absolute()}"
        inside = Path(str(context), dockerfile)
        if inside.is_file():
            reason += f"; it is relative to the program, so write {str(inside)!r}"
        failures.append(Failure("build.dockerfile", reason))
    return failures


def _repository(image: str) -> str:
    """A name without its tag: `localhost:5001/kaldra-api` of `localhost:5001/kaldra-api:dev`."""
    head, colon, tail = image.rpartition(":")
    return image if not colon or "/" in tail else head


def _tag(image: str) -> str:
    return image.removeprefix(_repository(image)).removeprefix(":") or "latest"
