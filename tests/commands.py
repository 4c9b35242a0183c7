"""Commands as pages and workflows write them, held against the command line that there is."""

import contextlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from kaldra.checks.markdown import FENCED

SHELL = ("bash", "console", "sh", "shell")

_COMMENT = re.compile(r"(?:^|\s)#(?: .*)?$")
_CALL = re.compile(r"\./kaldra(?P<words>(?:[^\S\n]+(?:'[^']*'|\"[^\"]*\"|[^\s|;&()<>\"'`]+))*)")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    line: int
    """Line of its first fence, from 1."""


def blocks(text: str) -> Iterator[Block]:
    """Fenced blocks in their order, with their indentation taken away."""
    for found in FENCED.finditer(text):
        indent = len(found["indent"])
        inside = "".join(line[indent:] for line in found["text"].splitlines(keepends=True))
        yield Block(found["language"], inside, text.count("\n", 0, found.start()) + 1)


def of_page(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line and commands of each shell block, without comments, prompts and broken lines.

    Of a `console` block only what follows a prompt is a command.
    """
    for block in blocks(text):
        if block.language not in SHELL:
            continue
        lines = block.text.replace("\\\n", " ").splitlines()
        if block.language == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        found = [_plain(line) for line in lines]
        yield block.line, [command for command in found if command]


def calls(command: str) -> Iterator[list[str]]:
    """Words behind each `./kaldra` in a command, also inside of `$(...)`."""
    for found in _CALL.finditer(command):
        yield shlex.split(found["words"])


def fault(words: list[str]) -> str:
    """What the command line would say against these words; empty where it would start."""
    from kaldra.cli.reference import verbs  # noqa: PLC0415  brings every verb along

    if not words or words == ["--help"]:
        return ""
    verb = verbs(hidden=True).get(words[0])
    if verb is None:
        return f"no such verb: {words[0]}"
    with contextlib.suppress(SystemExit):  # --help
        try:
            verb.make_context(f"./kaldra {words[0]}", list(words[1:]))
        except Exception as error:  # noqa: BLE001  whatever the parser finds is the answer
            return getattr(error, "message", "") or str(error) or type(error).__name__
    return ""


def _plain(line: str) -> str:
    return (
        " ".join(_COMMENT.sub("", line).split())
        if "'" not in line
        else _COMMENT.sub("", line).strip()
    )
