"""Normalisation, folding and tokens: what of a text the kernel looks at.

Two forms of a text are used. The *normalised* form (NFKC, runs of white space as one space) is what
the signal id and the surface measures see. The *folded* form (compatibility decomposition without
marks, case folded) is what the lexicons see; it is made character by character, so every folded
character can be traced to the character of the text it came from.
"""

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from itertools import chain, count, pairwise, repeat
from pathlib import Path

_TOKEN = re.compile(r"\w+(?:'\w+)*|[.!?;:,]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_APOSTROPHES = frozenset("’‘ʼ＇`´｀\u1fef")  # noqa: RUF001 - the characters people type for it

_PHRASES = ("\ufdfa", "\ufdfb")
"""Ligatures of whole Arabic phrases, which NFKC would make up to 18 characters of each."""

_SHOUT = 4
_CAPITALS = bytes(
    ord("A") if character.isupper() else ord(" ") for character in map(chr, range(256))
)
"""For each Latin-1 character an A if it is a capital: a quick way to see if any shout is there."""

BREAKS = frozenset(".!?;:,")
"""Tokens that end the reach of a negation."""

_ASCII = "".join(c if c.isalnum() or c in "_'.!?;:," else " " for c in map(chr, range(128)))
"""For each ASCII character itself or a space: the quick way to what `_TOKEN` finds."""

BLANK_LINES = re.compile(r"\n\s*\n")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
"""Looks back for the mark: a pattern that began with marks would be quadratic in a row of them."""

_BRACKETED = re.compile(r"[(\[][^\w()\[\]]*+(?:\w++[^\w()\[\]]++){0,7}\w++[^\w()\[\]]*+[)\]]")
_DIRECTIONS = re.compile(
    r"\b(?:applau|cheer|laugh|boo(?:s|ing)?\b|chant|crosstalk|inaudible|music\b|off[- ]mike|off mic"
    r"|aplauso|risos|risadas|vaias|gritos|inaudivel|palmas|musica\b)"
)
"""Words that make a few bracketed words a stage direction: what a transcript adds to a speech."""

_LOOSE_APOSTROPHE = re.compile(r"(?<!\w)'|'(?!\w)")

MOST_FOLDED = 1 << 15
"""Characters whose folded form is remembered."""

MOST_MARKS = 30
"""Non-starters in a row that a text keeps together (UAX #15, stream-safe text format)."""

_JOINER = "\u034f"  # COMBINING GRAPHEME JOINER
_MAY_BE_MARKS = re.compile(r"[\W\uff9e\uff9f]{28,}")
"""Shorter than any run that needs a joiner: a letter brings at most three marks of its own."""

_SAMPLE = 14
_PUNCTUATION = r"\x00-\u02ff\u2000-\u20cf\u2190-\u2bff\u3000-\u3029\U0001f000-\U0001faff"
_SAMPLED_MARKS = re.compile(rf"(?:[^\w{_PUNCTUATION}]|[\uff9e\uff9f]){{2}}")
"""In every 14th character of a text: a run of 28 marks shows itself at least twice in a row."""

_UNASSIGNED = Path(__file__).with_name("unassigned.txt").read_text(encoding="ascii").split()
"""Code points that Unicode 14 gives no character, in hexadecimal, each one or first-last: category
Cn of Python 3.11. A newer Python knows more characters and would read one into them."""

_UNASSIGNED_FIRST = [int(each.partition("-")[0], 16) for each in _UNASSIGNED]
_UNASSIGNED_LAST = [int(each.rpartition("-")[2], 16) for each in _UNASSIGNED]


def mended(text: str) -> str:
    """Return text without surrogates: pairs become characters, lone ones U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def normalise(text: str) -> str:
    """Return the NFKC form with single spaces; surrogates are mended."""
    if not text.isascii():
        text = mended(text)
        # NFKC would make a space and a mark of the acute that people type for an apostrophe.
        text = without_unassigned(text.replace("\u00b4", "'"))
        for phrase in _PHRASES:
            text = text.replace(phrase, "\ufffd")
        text = unicodedata.normalize("NFKC", stream_safe(text))
    if text.isprintable() and "  " not in text:  # then the only white space is single spaces
        return text.strip(" ")
    return " ".join(text.split())


def without_unassigned(text: str) -> str:
    """Return text with U+FFFD, a letter in no version, for characters of a later Unicode."""
    found = list(filter(_is_unassigned, set(text)))
    return text.translate(dict.fromkeys(map(ord, found), "\ufffd")) if found else text


def _is_unassigned(character: str) -> bool:
    code = ord(character)
    place = bisect_right(_UNASSIGNED_FIRST, code) - 1
    return place >= 0 and code <= _UNASSIGNED_LAST[place]


def stream_safe(text: str) -> str:
    """Return the stream-safe form of a text (UAX #15): no more than 30 non-starters in a row.

    Normalisation sorts such a run, in quadratic time.
    """
    if not _SAMPLED_MARKS.search(text[::_SAMPLE]):
        return text
    return _MAY_BE_MARKS.sub(_joined, text)


def _joined(match: re.Match[str]) -> str:
    pieces: list[str] = []
    before = match.string[max(0, match.start() - 1) : match.start()]
    marks = _non_starters(before)[1]
    for character in match[0]:
        leading, trailing, only_marks = _non_starters(character)
        if marks + leading > MOST_MARKS:
            pieces.append(_JOINER)
            marks = 0
        pieces.append(character)
        marks = marks + leading if only_marks else trailing
    return "".join(pieces)


@lru_cache(maxsize=4096)
def _non_starters(character: str) -> tuple[int, int, bool]:
    """Return how many non-starters a character begins and ends with, and if it has only such."""
    marks = [bool(unicodedata.combining(c)) for c in unicodedata.normalize("NFKD", character)]
    leading = next((i for i, mark in enumerate(marks) if not mark), len(marks))
    trailing = next((i for i, mark in enumerate(reversed(marks)) if not mark), len(marks))
    return leading, trailing, all(marks)


def fold(text: str) -> str:
    """Return the folded form: no case, no accents, compatibility forms replaced."""
    if text.isascii():
        return text.lower().replace("`", "'")
    mostly_ascii = 2 * len(text.encode("ascii", "ignore")) > len(text)  # as in Portuguese
    if mostly_ascii:
        folded = _NOT_ASCII.sub(lambda match: _FOLDED[ord(match[0])], text)
    else:
        folded = text.translate(_FOLDED)
    return folded.lower().replace("`", "'")


class _Folded(dict[int, str]):
    """Folded forms of characters by code point; `str.translate` asks for each."""

    def __missing__(self, code: int) -> str:
        if len(self) >= MOST_FOLDED:
            self.clear()
        folded = self[code] = _fold_character(chr(code))
        return folded


_FOLDED = _Folded()


def _fold_character(character: str) -> str:
    if character in _APOSTROPHES:
        return "'"
    if character in _PHRASES:
        return " "
    bare = "\ufffd" if _is_unassigned(character) else character
    bare = _without_marks(unicodedata.normalize("NFKD", bare))
    folded = bare.casefold().lower()
    if folded != bare:
        folded = _without_marks(unicodedata.normalize("NFKD", folded))
    if folded.isalnum():
        return folded
    return "".join(c if c.isascii() or c.isalnum() else " " for c in folded)


def _without_marks(text: str) -> str:
    if not any(map(unicodedata.combining, text)):
        return text
    return "".join(c for c in text if not unicodedata.combining(c))


def spoken(folded: str) -> str:
    """Return a folded text with spaces for its stage directions, such as "(applause)"."""
    if "(" in folded or "[" in folded:
        return _BRACKETED.sub(_without_direction, folded)
    return folded


def _without_direction(match: re.Match[str]) -> str:
    return " " * len(match[0]) if _DIRECTIONS.search(match[0]) else match[0]


def tokens(folded: str) -> list[str]:
    """Return words and breaks of a folded text in order, without stage directions."""
    folded = spoken(folded)
    if not folded.isascii():
        return _TOKEN.findall(folded)
    bare = folded.translate(_ASCII)
    if "'" in bare:
        bare = _LOOSE_APOSTROPHE.sub(" ", bare)
    for mark in BREAKS:
        bare = bare.replace(mark, f" {mark} ")
    return bare.split()


def token_spans(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of every token of `text`, in code points of `text` as given."""
    if text.isascii():  # then folding changes no place
        return [match.span() for match in _TOKEN.finditer(spoken(fold(text)))]
    pieces = list(map(_FOLDED.__getitem__, map(ord, text)))
    offsets = list(chain.from_iterable(map(repeat, count(), map(len, pieces))))
    folded = spoken("".join(pieces))
    return [
        (offsets[match.start()], offsets[match.end() - 1] + 1) for match in _TOKEN.finditer(folded)
    ]


def shouted_words(normalised: str) -> int:
    """Return how many words of four Latin letters or more are all capitals."""
    if b"A" * _SHOUT not in normalised.encode("latin-1", "replace").translate(_CAPITALS):
        return 0
    capitals = [word for word in normalised.split(" ") if word.isupper()]
    return sum(len(word) >= _SHOUT and word[:_SHOUT].isalpha() for word in capitals)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text (separated by blank lines), without empty ones."""
    return [part for part in BLANK_LINES.split(text) if part.strip()]


def sentences(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of the sentences of `text`."""
    bounds = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    return [(a, b) for a, b in pairwise(bounds) if text[a:b].strip()]
