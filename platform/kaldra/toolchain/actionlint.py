"""actionlint, which reads GitHub's workflows: found, downloaded, or built from Go modules.

PyPI's package of it holds no program, only a downloader of one.
"""

from pathlib import Path

from kaldra.progress import Progress
from kaldra.toolchain import gobuild, links, tools
from kaldra.toolchain.probe import route
from kaldra.versions import ACTIONLINT

_RELEASE = f"{tools.RELEASES}/rhysd/actionlint/releases/download/v{ACTIONLINT}"

TOOL = tools.Tool(
    name="actionlint",
    version=ACTIONLINT,
    version_command=("actionlint", "-version"),
    acceptable=lambda version: version == ACTIONLINT,
    url=lambda system, arch: f"{_RELEASE}/actionlint_{ACTIONLINT}_{system}_{arch}.tar.gz",
    members=("actionlint",),
)
BUILD = gobuild.Build(
    name="actionlint",
    outputs={"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"},
    stamps={"github.com/rhysd/actionlint.version": f"v{ACTIONLINT}"},
)


def ensure(progress: Progress) -> Path:
    """The program of the pinned version, linked in `state()/bin`."""

    def build() -> dict[str, Path]:
        built = gobuild.build(BUILD, progress)
        return {TOOL.name: built / TOOL.name}

    tools.provide(TOOL, route(), progress, build)
    return links.folder() / TOOL.name
