"""actionlint, which reads GitHub's workflows: found, downloaded, or built from Go modules.

PyPI's package of it holds no program, only a downloader of one.
"""

from functools import partial
from pathlib import Path

from kaldra.progress import Progress
from kaldra.toolchain import gobuild, links, tools
from kaldra.toolchain.go_tool import ensure_go
from kaldra.toolchain.pins import ACTIONLINT
from kaldra.toolchain.probe import Route, route

_RELEASE = f"{tools.RELEASES}/rhysd/actionlint/releases/download/v{ACTIONLINT}"

TOOL = tools.Tool(
    name="actionlint",
    version=ACTIONLINT,
    version_command=("actionlint", "-version"),
    acceptable=lambda version: version == ACTIONLINT,
    url=lambda system, arch: f"{_RELEASE}/actionlint_{ACTIONLINT}_{system}_{arch}.tar.gz",
    checksums=lambda _system, _arch: f"{_RELEASE}/actionlint_{ACTIONLINT}_checksums.txt",
    members=("actionlint",),
)
BUILD = gobuild.Build(
    name="actionlint",
    outputs={"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"},
    stamps={"github.com/rhysd/actionlint.version": f"v{ACTIONLINT}"},
)


def ensure(progress: Progress) -> Path:
    """The program of the pinned version, linked in `state()/bin`."""
    if not links.chosen(TOOL.name, TOOL.version, (TOOL.name,)):
        program = tools.find(TOOL)
        if program is None and route() is Route.PUBLISHER:
            program = tools.ensure_downloaded(TOOL, progress) / TOOL.name
        elif program is None:
            program = gobuild.build(BUILD, partial(ensure_go, progress), progress) / TOOL.name
        links.choose(TOOL.name, TOOL.version, {TOOL.name: program})
    return links.folder() / TOOL.name
