"""`Image`: built when something it is made of changed, pushed when the registry lacks it."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docker.auth import resolve_repository_name
from docker.utils import parse_repository_tag
from docker.utils.build import PatternMatcher
from pulumi.provider.experimental.provider import CheckFailure, DiffResponse

from kaldra.docker_provider import resource
from kaldra.docker_provider.differences import answer, compare
from kaldra.docker_provider.resource import Resource
from kaldra.docker_provider.values import UNKNOWN, Props, contains_unknown
from kaldra.errors import KaldraError
from kaldra.toolchain.docker_client import is_local, registry_digest
from kaldra.toolchain.image_build import Recipe, build
from kaldra.toolchain.machine import machine

_SUPPORTED = frozenset(("build", "buildOnPreview", "imageName", "registry", "skipPush"))
_SUPPORTED_OF_BUILD = frozenset(
    ("args", "builderVersion", "context", "contextDigest", "dockerfile", "platform", "target")
)
_CREDENTIALS = ("registry.username", "registry.password")
_INPUTS = "__inputs"
"""Entry of the state that holds the inputs it was built from, as with the official plugin."""


class Image(Resource):
    """Its id is the image's name; `repoDigest` names exactly what was built."""

    def check(self, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Fill in where to build, for which platform, and the digest of what is built from."""
        inputs = {"buildOnPreview": False, **news}
        failures = list(resource.failures(inputs, _SUPPORTED, ("imageName",)))
        if inputs.get("build") == UNKNOWN:
            return inputs, failures
        options = dict(inputs.get("build") or {})
        inputs["build"] = options
        options.setdefault("context", ".")
        if options["context"] != UNKNOWN:
            beside = Path(options["context"], "Dockerfile")
            options.setdefault("dockerfile", os.path.normpath(beside))
        options.setdefault("platform", f"linux/{machine().arch}")
        failures += _build_failures(options)
        if not failures and not contains_unknown([options["context"], options.get("dockerfile")]):
            options["contextDigest"] = context_digest(options["context"], options["dockerfile"])
        return inputs, failures

    def diff(self, _id: str, olds: Props, state: Props, news: Props) -> DiffResponse:
        """Any changed input is a build; so is an image that its registry or engine has lost."""
        differing = compare(olds, news)
        found = {path: kind for path, kind in differing if path not in _CREDENTIALS}
        lost = ""
        if not found and self._is_lost(state):
            place = "its registry" if "@" in str(state["repoDigest"]) else "Docker"
            self.info(f"{place} no longer has this image: it is built again.")
            lost = "repoDigest"
        return answer(found, lost=lost)

    def create(self, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        """Build and push. In a preview only where `buildOnPreview` asks for a build."""
        if preview:
            if inputs.get("buildOnPreview") is True and not contains_unknown(inputs):
                self._build(inputs)
            return "", _state(inputs, UNKNOWN)
        image = self._build(inputs)
        repo_digest = image if inputs.get("skipPush") else self._push(inputs, image)
        return str(inputs["imageName"]), {**_state(inputs, repo_digest), _INPUTS: inputs}

    def read(self, id_: str, inputs: Props, state: Props) -> tuple[Props, Props] | None:  # noqa: ARG002
        """None when the registry on this machine, or the engine, no longer has it."""
        return None if self._is_lost(state) else (state, {})

    def update(self, id_: str, news: Props, *, preview: bool) -> Props:  # noqa: ARG002
        """Build and push again."""
        return self.create(news, preview=preview)[1]

    def delete(self, id_: str, state: Props) -> None:
        """Images stay, in the engine and in the registry, as with the official plugin."""

    def _is_lost(self, state: Props) -> bool:
        known = state.get("repoDigest") or UNKNOWN
        if known == UNKNOWN:
            return False
        if "@" in known:
            return registry_digest(self.engine, known) == ""
        return self.find("image", known) is None

    def _build(self, inputs: Props) -> str:
        self.status("building")
        name, options = str(inputs["imageName"]), inputs["build"]
        arguments = {key: str(value) for key, value in (options.get("args") or {}).items()}
        recipe = Recipe(
            image=name,
            context=options["context"],
            dockerfile=options["dockerfile"],
            args=arguments,
            secret_args=frozenset(k for k, value in arguments.items() if value in self.secrets),
            target=options.get("target") or "",
            platform=options.get("platform") or "",
        )
        try:
            return build(recipe, self.status, engine=self.tools.overrides)
        except KaldraError as error:
            if self.tools.cancelled.is_set():
                raise KaldraError(f"Cancelled building {name}.") from error
            raise

    def _push(self, inputs: Props, image: str) -> str:
        """Make sure the registry has it under its name; returns `repository@digest`."""
        name, own = str(inputs["imageName"]), dict(inputs.get("registry") or {})
        repository, tag = parse_repository_tag(name)
        served = registry_digest(self.engine, name)
        if served and f"{repository}@{served}" in self._digests(image):
            self.status("the registry has it already")
            return f"{repository}@{served}"
        server = own.pop("server", "") or resolve_repository_name(name)[0]
        for message in self.engine.push(
            repository,
            tag or "latest",
            stream=True,
            decode=True,
            # None leaves it to the SDK: `docker login`, credential helpers, identity tokens.
            auth_config=own if own.get("username") else None,
        ):
            if "error" in message:
                hint = "./kaldra doctor" if is_local(server) else "docker login"
                raise KaldraError(f"Pushing {name} failed: {message['error']}", hint=hint)
            if self.tools.cancelled.is_set():
                raise KaldraError(f"Cancelled pushing {name}.")
            self.status(f"pushing: {message.get('status', '')} {message.get('progress', '')}")
        own_digests = [text for text in self._digests(image) if text.startswith(f"{repository}@")]
        reference = "".join(own_digests[-1:])
        if not reference or registry_digest(self.engine, reference) == "":
            raise KaldraError(f"{server} accepted {name}, but does not serve {reference}.")
        return reference

    def _digests(self, image: str) -> list[str]:
        found = self.find("image", image) or {}
        return [str(reference) for reference in found.get("RepoDigests") or []]


def _state(plain: Props, repo_digest: Any) -> Props:
    name = plain.get("imageName")
    return {
        "baseImageName": name,
        "imageName": name,
        "registryServer": (plain.get("registry") or {}).get("server") or "",
        "repoDigest": repo_digest,
    }


def _build_failures(options: Props) -> Iterator[CheckFailure]:
    for failure in resource.failures(options, _SUPPORTED_OF_BUILD, ()):
        yield CheckFailure(f"build.{failure.property}", failure.reason)
    if options.get("builderVersion", UNKNOWN) not in (UNKNOWN, "BuilderBuildKit"):
        yield CheckFailure("build.builderVersion", "must be BuilderBuildKit")
    context, dockerfile = options["context"], options.get("dockerfile", UNKNOWN)
    if UNKNOWN in (context, dockerfile):
        return
    if not Path(context).is_dir():
        reason = f"there is no directory {Path(context).absolute()}"
        yield CheckFailure("build.context", reason)
    elif not Path(dockerfile).is_file():
        reason = f"there is no file {Path(dockerfile).absolute()}"
        inside = Path(context, dockerfile)
        if inside.is_file():
            reason += f"; it is relative to the program, so write {str(inside)!r}"
        yield CheckFailure("build.dockerfile", reason)


def context_digest(context: str, dockerfile: str) -> str:
    """SHA-256, in hex, of everything a build of `dockerfile` in `context` can see.

    KaldraError when a file cannot be read.
    """
    try:
        total = hashlib.sha256(_sha256(Path(dockerfile).read_bytes()))
        for path, mode in _files(context, dockerfile):
            total.update(os.fsencode(f"{path}\0{stat.filemode(mode)}\0"))
            total.update(_sha256(_content(Path(context, path), mode)))
    except OSError as error:
        raise KaldraError(
            f"The build context {context} cannot be read: {error.strerror}: {error.filename}",
            hint=f"Make the file readable, or name it in {ignore_file(context, dockerfile)}.",
        ) from error
    return total.hexdigest()


def ignore_file(context: str, dockerfile: str) -> Path:
    """The ignore file that counts: the Dockerfile's own, else the context's (may not exist)."""
    own = Path(f"{dockerfile}.dockerignore")
    return own if own.exists() else Path(context, ".dockerignore")


def _files(context: str, dockerfile: str) -> Iterator[tuple[str, int]]:
    """Path in the context and mode of everything but directories, in a fixed order."""
    path = ignore_file(context, dockerfile)
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    lines = (line.strip() for line in text.splitlines() if not line.startswith("#"))
    matcher = PatternMatcher([line for line in lines if line])
    # The SDK never ignores .dockerignore; BuildKit does.
    matcher.patterns.pop()
    for found in sorted(matcher.walk(os.path.abspath(context))):  # noqa: PTH100  as relpath() does
        mode = Path(context, found).lstat().st_mode
        if not stat.S_ISDIR(mode):
            yield found, mode


def _content(path: Path, mode: int) -> bytes:
    if stat.S_ISLNK(mode):
        return bytes(path.readlink())
    return path.read_bytes() if stat.S_ISREG(mode) else b""


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
