"""Commands as pages and workflows write them, held against the command line that there is."""

import contextlib
import re
import shlex
from collections.abc import Iterator
from textwrap import dedent

from kaldra.cli.lint import FENCED

SHELL = ("bash", "console", "sh", "shell")

_COMMENT = re.compile(r"(?:^|\s)#(?: .*)?$")
_CALL = re.compile(r"\./kaldra(?P<words>(?:[^\S\n]+(?:'[^']*'|\"[^\"]*\"|[^\s|;&()<>\"'`]+))*)")


def of_page(text: str) -> Iterator[tuple[int, list[str]]]:
    """First line and commands of each shell block, without comments, prompts and broken lines.

    Of a `console` block only what follows a prompt is a command.
    """
    for block in FENCED.finditer(text):
        if block["language"] not in SHELL:
            continue
        lines = dedent(block["text"]).replace("\\\n", " ").splitlines()
        if block["language"] == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        found = [re.sub(" {2,}", " ", _COMMENT.sub("", line)).strip() for line in lines]
        yield text.count("\n", 0, block.start()) + 1, [command for command in found if command]


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
