"""Results of every golden text and of every character, as `python everything.py` prints them."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from contract.options import Options
from contract.vocabulary import Kind
from core.encoding import dumps
from core.kernel import Kernel

ASSIGNED = (*range(0, 0x34000, 0x4000), 0xE0000)
"""Beyond these blocks Unicode assigns no character but those of private use."""
EVERY_CHARACTER = tuple(range(first, first + 0x4000) for first in ASSIGNED)
OPTIONS = (Options(explain=True), Options(language="pt", tw_profile="conservative_v1", steps=3))


def results(kernel: Kernel) -> Iterator[bytes]:
    """Canonical bytes, one result each."""
    golden = Path(__file__).parent / "golden" / "texts.json"
    texts = [each["text"] for each in json.loads(golden.read_text(encoding="utf-8"))]
    for options in OPTIONS:
        for text in texts:
            for read in (kernel.alpha, kernel.geo, kernel.product, kernel.safeguard):
                yield dumps(read(text, options))
        yield from map(dumps, kernel.batch(texts, options))
        yield dumps(kernel.window(texts, options))
    for codes in EVERY_CHARACTER:
        words = (f"war{character} {character}" for character in map(chr, codes))
        yield dumps(kernel.signal(" ".join(words)))
    for language in ("en", "pt"):
        for kind in get_args(Kind):
            yield dumps(kernel.vocabulary(kind, language))


if __name__ == "__main__":
    for result in results(Kernel.load()):
        sys.stdout.buffer.write(result + b"\n")
