"""Whether the links of Markdown pages lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

FENCED = re.compile(
    r"^(?P<indent> *)```(?P<language>[a-z]*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"(?<!\\)\[(?:[^\]]|\\\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]^]+\]:\s+<?(\S+?)>?$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.MULTILINE)
_EXPLICIT_ANCHOR = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def link_faults(page: Path, root: Path) -> Iterator[str]:
    """Links of a page that lead to no file of the repository, or to no heading of it.

    Addresses elsewhere are not asked.
    """
    prose = _prose(page)
    links = [*_LINK.findall(prose), *_REFERENCE.findall(prose)]
    for link in dict.fromkeys(link for link in links if not _ABSOLUTE.match(link)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_relative_to(root.resolve()):
            yield f"{link}: leads out of the repository"
        elif not target.exists():
            yield f"{link}: no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            yield f"{link}: no such heading"


def anchors(page: Path) -> set[str]:
    """Headings as the links that renderers make of them; a second one of a name gets a number."""
    prose = FENCED.sub("", page.read_text(encoding="utf-8"))
    found: set[str] = set(_EXPLICIT_ANCHOR.findall(prose))
    for heading in _HEADING.findall(prose):
        words = _LINK.sub(lambda link: link[0][1 : link[0].index("]")], heading)
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        number = next(n for n in range(1000) if (f"{name}-{n}" if n else name) not in found)
        found.add(f"{name}-{number}" if number else name)
    return found


def _prose(page: Path) -> str:
    return _CODE.sub("`", FENCED.sub("", page.read_text(encoding="utf-8")))
