"""Builds images with BuildKit through the `docker` program: every image that this project makes.

`up`, `build` and the release build the services by the same command, so the same sources give the
same digest.
"""

import re
import tempfile
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kaldra.errors import KaldraError
from kaldra.toolchain.commands import run
from kaldra.toolchain.docker_cli import docker_program

ENVIRONMENT = {
    "DOCKER_BUILDKIT": "1",
    # A newer client builds in the engine, whichever builder is selected, and adds no attestations.
    "BUILDX_BUILDER": "default",
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
}
_RESERVED = re.compile(r"(PATH|HOME)$|DOCKER|BUILDKIT|BUILDX")
"""Variables that the docker program reads itself."""

_LINES_KEPT = 25
_LINE = re.compile(r"#(\d+) (\d+(?:\.\d+)? )?(.*)")
"""Number of the step, seconds where a program has written the line, text."""
_NOISE = re.compile(r"(DONE|CACHED|CANCELED)\b|sha256:|-{6}$| > \[")


@dataclass(frozen=True)
class Recipe:
    """Everything one build takes. Paths are relative to the working directory."""

    image: str
    context: str
    dockerfile: str
    args: Mapping[str, str] = field(default_factory=dict)
    secret_args: frozenset[str] = frozenset()
    secrets: Mapping[str, Path] = field(default_factory=dict)
    """Files for `RUN --mount=type=secret`, by id."""
    target: str = ""
    platform: str = ""
    cache: bool = True

    def command(self, client: str | Path, id_file: Path) -> list[str | Path]:
        """The command line; values of secret arguments are passed in the environment."""
        hidden = self._hidden()
        options = [f"--tag={self.image}", f"--file={self.dockerfile}", f"--iidfile={id_file}"]
        options += [f"--target={self.target}"] * bool(self.target)
        options += [f"--platform={self.platform}"] * bool(self.platform)
        options += [f"--secret=id={name},src={path}" for name, path in self.secrets.items()]
        for name, value in sorted(self.args.items()):
            options.append(f"--build-arg={name}" + ("" if name in hidden else f"={value}"))
        options += ["--progress=plain", *["--no-cache"] * (not self.cache)]
        return [client, "build", *options, self.context]

    def environment(self) -> dict[str, str]:
        """Variables of the build: the builder, and the secret arguments."""
        hidden = {name: self.args[name] for name in self._hidden()}
        return {**hidden, **ENVIRONMENT}

    def _hidden(self) -> frozenset[str]:
        return frozenset(name for name in self.secret_args if not _RESERVED.match(name))


def build(
    recipe: Recipe,
    status: Callable[[str], object],
    *,
    cwd: Path | None = None,
    engine: Mapping[str, str] | None = None,
) -> str:
    """Build an image, and return its id.

    `status` gets each step and line of output, `engine` are the variables that select another
    engine. Raises KaldraError with the step that failed and its last lines. `commands.stop_all`
    ends a build.
    """
    client, progress = docker_program(), Progress()
    with tempfile.TemporaryDirectory(prefix="kaldra-build-") as folder:
        id_file = Path(folder, "image-id")
        try:
            run(
                recipe.command(client, id_file),
                what=f"Building {recipe.image}",
                cwd=cwd,
                env={**recipe.environment(), **(engine or {})},
                each_line=lambda line: (text := progress.feed(line)) and status(text),
            )
            return id_file.read_text(encoding="ascii").strip()
        except KaldraError as error:
            raise KaldraError(
                f"Building {recipe.image} from {recipe.dockerfile} failed {progress.failure()}"
            ) from error


class Progress:
    """Follows BuildKit's plain progress: the current step, and which step failed with what."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._output: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_LINES_KEPT))
        """By step; lines that belong to none under ""."""
        self._failed = ""
        self._reason = ""

    def feed(self, line: str) -> str:
        """Take a line; returns what to show as the status now, "" for nothing new."""
        found = _LINE.fullmatch(line.rstrip())
        number, seconds, text = found.groups() if found else ("", None, line.rstrip())
        if not text or (not seconds and _NOISE.match(text)):
            return ""
        if number and not seconds and text.startswith("["):
            self._names[number] = text
            return text
        if number and not seconds and text.startswith("ERROR: "):
            self._failed, self._reason = number, text.removeprefix("ERROR: ")
            return ""
        self._output[number].append(text)
        name = self._names.get(number, "")
        return name and f"{name.split(' RUN ')[0]} {text}"

    def failure(self) -> str:
        """The step that failed and its last lines; else the last lines that belong to no step."""
        output = self._output[self._failed]
        if not self._failed:
            return "\n".join(output) or "the builder gave no reason"
        lines = [f"at {self._names.get(self._failed, 'a step')}", *(f"  {line}" for line in output)]
        return "\n".join([*lines, self._reason])
