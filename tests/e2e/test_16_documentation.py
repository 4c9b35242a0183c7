"""What the pages say is typed, page by page, with the names and ports of this clone.

tests/documented.py has which commands those are, and where the others are run.
"""

import re
from contextlib import nullcontext
from pathlib import Path

import pytest

from kaldra.cli.reference import verbs
from kaldra.paths import REPO
from tests import commands
from tests.documented import documented, is_run_on_the_platform
from tests.e2e.clone import LOCAL_STACK, STACK, Clone
from tests.e2e.machine import NAME, alone_on_the_machine

CHANGES = ("pulumi destroy", "pulumi config set", "kubectl ")
"""After these, the next block finds the platform as it should be again."""
CURL = r"curl --silent --show-error --write-out '\nanswered %{http_code}\n'"
ASKING = re.compile(r"^pulumi (?=up|refresh$|destroy)")
"""Commands that want a yes, which a variable gives them here."""

done: set[str] = set()
"""What an earlier block has run: one is run again only for what follows it there."""


RUN: dict[Path, list[list[str]]] = {}
"""The commands of each block that are run here, by page."""
for _page, _, _typed in documented():
    if _run := [each for each in _typed if is_run_on_the_platform(each)]:
        RUN.setdefault(_page, []).append(_run)


@pytest.mark.parametrize("page", RUN, ids=[str(page.relative_to(REPO)) for page in RUN])
def test_what_a_page_says_works(platform: Clone, page: Path):
    clone = platform
    stacks = {file: file.read_text() for file in clone.root.glob("Pulumi.*.yaml")}
    port = clone.api_port
    try:
        for typed in RUN[page]:
            if "./kaldra up --stack local" in typed:
                port = clone.local_port
            if set(typed) - done:
                run_block(typed, clone, port)
            if "./kaldra down --stack local" in typed:
                port = clone.api_port
    finally:
        clone.settled = clone.settled and all(f.read_text() == text for f, text in stacks.items())
        for file, text in stacks.items():
            file.write_text(text)


def run_block(typed: list[str], clone: Clone, port: int) -> None:
    if not clone.settled:
        clone.up()
    clone.settled = False
    cleans = any(command.startswith("./kaldra clean") for command in typed)
    with alone_on_the_machine() if cleans else nullcontext():
        said = clone.run("bash", "-euc", script(typed, clone, port))
    changed = any(command.startswith(CHANGES) for command in typed)
    answers = set(re.findall(r"^answered (\d+)$", said, re.MULTILINE))
    # While a deployment is away, 503 is the right answer.
    assert answers <= ({"200", "503"} if changed else {"200"}), said
    clone.settled = not changed
    done.update(typed)


def script(typed: list[str], clone: Clone, port: int) -> str:
    """The block as a person would type it here, in a shell that has the stack's environment."""
    lines = [own(command, clone, port) for command in typed]
    needs = any(command.startswith(("pulumi", "kubectl")) for command in typed)
    if needs and not any(command.startswith("eval ") for command in typed):
        lines.insert(0, f'eval "$(./kaldra env --stack {STACK})"')
    return "\n".join(lines)


def own(command: str, clone: Clone, port: int) -> str:
    """A command with this clone's stacks, ports and names."""
    for words in commands.calls(command):
        verb, *options = words
        takes = {name for option in verbs(hidden=True)[verb].params for name in option.opts}
        if "--stack" in takes and "--stack" not in options:
            command = command.replace(f"./kaldra {verb}", f"./kaldra {verb} --stack {STACK}")
    changes = {
        "--stack mine": f"--stack {STACK}",
        "--stack local": f"--stack {LOCAL_STACK}",
        "127.0.0.1:8000": f"127.0.0.1:{port}",
        "127.0.0.1:8010": f"127.0.0.1:{clone.api_port}",
        "kind-kaldra-dev": f"kind-{NAME}",
        "docker logs kaldra-api": f"docker logs {NAME}-local-api",
    }
    for old, new in changes.items():
        command = command.replace(old, new)
    command = ASKING.sub("PULUMI_SKIP_CONFIRMATIONS=true pulumi ", command)
    return re.sub(r"^curl\b", lambda _: CURL, command)
