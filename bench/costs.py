"""Whether requests take what the core's queue charges for them: `python -m bench.costs`.

For texts of many kinds, on every route: CPU time per character and the charge, both relative to a
signal of as much prose. A kind that takes more than it is charged takes from other callers.
"""

import argparse
import json
import random
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from bench.kernel import PARAGRAPH, REPO  # first: it asks for one thread before numpy is there
from contract.options import Options
from core.encoding import dumps
from core.http.costs import APPLICATIONS, Costs
from core.kernel import Kernel

BOUND = 3.0
"""How many times its charge a request may take."""

PIECE = 500
"""Characters of a text of a batch."""

REPEATED = {
    "insult, said": '"idiot" said ',
    "insult in marks": '"idiot" ',
    "insult, marks": 'idiot "a" x y z w ',
    "said many times": 'idiot said said said said said said said said said said said "a" ',
    "marks": '"a"',
    "long quotations": '"' + "idiot a " * 45 + '" ',
    "contrasts": "but ",
    "term, contrast": "war but ",
    "terms, contrast": "war fear love joy hope but ",
    "term": "war ",
    "terms and commas": "war,",
    "shortest term": "ai ",
    "insult": "idiot ",
    "you and an insult": "you idiot ",
    "sentences of one word": "bad. ",
    "shouted sentences": "WAR! ",
    "theme and judgement": "price bad. ",
    "paragraphs": "war fear\n\n",
    "paragraphs, blanks": "war fear\n \n",
    "short paragraphs": "a\n\n",
    "letters": "a ",
    "figures": "1 2 3 ",
    "apostrophes": "a'",
    "loose apostrophes": "' ",
    "punctuation": ".!?;:,",
    "one word": "a",
    "words too long to keep": "b" * 65 + " ",
    "brackets": "(",
    "bracketed": "(a b) ",
    "directions": "(applause) ",
    "open brackets": "(a b c d e f g h ",
    "blanks": " ",
    "lines": "\n",
    "Portuguese": "A empresa não cumpriu o que prometeu: três clientes já pediram a devolução. ",
    "no-break spaces": "war\u00a0",
    "typographic marks": "It\u2019s \u201cfine\u201d \u2014 isn\u2019t it\u2026 ",
    "Cyrillic": "Привет мир, ",
    "Devanagari": "नमस्ते दुनिया ",
    "one mark each": "a\u0301",
    "20 marks each": "a" + "\u0301\u0316" * 10,
    "only marks": "\u0301\u0316",
    "one emoji": "\U0001f600",
    "one Han character": "\u4e2d",
    "Arabic ligature": "\ufdfa",
    "Greek, three marks": "\u1f82",
}
"""What a text of the kind repeats."""

BLOCKS = {
    "emoji": (0x1F300, 0x1F650),
    "Han": (0x4E00, 0x9FFD),
    "Han, extension B": (0x20000, 0x2A6DF),
    "Han, compatibility": (0xF900, 0xFA6E),
    "Hangul": (0xAC00, 0xD7A4),
    "Hangul Jamo": (0x1100, 0x1200),
    "Arabic": (0x620, 0x64B),
    "Arabic, presentation": (0xFB50, 0xFBB2),
    "squared words": (0x3300, 0x3358),
    "mathematical": (0x1D400, 0x1D454),
    "fullwidth": (0xFF21, 0xFF5B),
    "Latin, additional": (0x1E00, 0x1F00),
}
"""What a text of the kind has characters of, all different as far as there are as many."""

NEW_WORDS = {
    "4 letters": "{}",
    "7 letters": "{}abc",
    "-ing": "{}ing",
    "-iest": "{}iest",
    "un- and -less": "un{}less",
    "des- and -issima": "des{}issima",
    "'s": "{}'s",
    "20 letters": "{}abcdefghijklmnop",
    "after the start of a phrase": "loss of {}",
    "in the gaps of a phrase": "expects {} higher {}",
    "figures": "0{}",
}
"""Words that no text had before, by what they look like."""


def repeated(piece: str, size: int) -> str:
    """Return the first `size` characters of a piece repeated."""
    return (piece * (size // len(piece) + 1))[:size]


def joined(words: Iterable[str], size: int) -> str:
    """Return the first `size` characters of words, over and over."""
    return repeated(" ".join(words) + " ", size)


def new_words(pattern: str, size: int) -> str:
    """Return `size` characters of words made at random."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    each = iter(lambda: "".join(random.choices(letters, k=4)), "")  # noqa: S311
    return joined((pattern.format(next(each), next(each)) for _ in range(size // 5)), size)


def listed(language: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the lists of a lexicon, and its terms by their shape."""
    source = json.loads((REPO / "data" / f"lexicon.{language}.json").read_text(encoding="utf-8"))
    for name in ("function_words", "negators", "intensifiers", "contrasts", "persons"):
        yield name, source[name]
    terms = [term for terms in source["terms"].values() for term in terms]
    plain = [
        " ".join("x y z" if p == "~" else p.split("|")[0].rstrip("*") for p in term.split())
        for term in [*terms, *source["neutral_phrases"]]
    ]
    random.shuffle(plain)
    phrases = [term for term in plain if " " in term]
    single = [term for term in plain if " " not in term]
    yield "terms", plain
    yield "single terms", single
    yield "short terms", sorted(single, key=len)[:30]
    yield "genitives", [f"{term}'s" for term in single]
    yield "phrases", phrases
    yield "longest phrases", sorted(phrases, key=lambda phrase: -phrase.count(" "))[:10]
    yield "phrases without an end", [phrase.rsplit(" ", 1)[0] for phrase in phrases]
    yield "first words", [phrase.split(" ", 1)[0] for phrase in phrases]


def kinds() -> dict[str, Callable[[int], str]]:
    """Return what makes a text of each kind of so many characters."""
    found: dict[str, Callable[[int], str]] = {"prose": partial(repeated, PARAGRAPH)}
    for name, piece in REPEATED.items():
        found[name] = partial(repeated, piece)
    for language in ("en", "pt"):
        for name, words in listed(language):
            found[f"{language}: {name}"] = partial(joined, words)
    for name, block in BLOCKS.items():
        characters = "".join(map(chr, range(*block)))
        found[name] = partial(repeated, characters)
        found[f"{name}, spaced"] = partial(repeated, " ".join(characters))
    assigned = [
        chr(code) for code in range(0xA0, 0x32000) if unicodedata.category(chr(code)) > "Cz"
    ]
    random.shuffle(assigned)
    found["every character"] = partial(repeated, "".join(assigned))
    found["every mark"] = partial(repeated, "".join(filter(unicodedata.combining, assigned)))
    for name, pattern in NEW_WORDS.items():
        found[f"new words, {name}"] = partial(new_words, pattern)
    return found


def routes(kernel: Kernel) -> dict[str, tuple[Callable[[str], object], Callable[[str], float]]]:
    """Return, for each route, what it computes and what it charges."""
    costs, explained = Costs(kernel), Options(explain=True)

    def pieces(text: str) -> list[str]:
        return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]

    found: dict[str, tuple[Callable[[str], object], Callable[[str], float]]] = {
        "signal": (kernel.signal, lambda text: costs.texts([text], explain=False)),
        "explained": (
            lambda text: kernel.signal(text, explained),
            lambda text: costs.texts([text], explain=True),
        ),
        "batch": (
            lambda text: list(kernel.batch(pieces(text))),
            lambda text: costs.texts(pieces(text), explain=False),
        ),
        "window": (
            lambda text: kernel.window(pieces(text)),
            lambda text: costs.window(pieces(text)),
        ),
        "long window": (lambda text: kernel.window([text]), lambda text: costs.window([text])),
    }
    for name in APPLICATIONS:
        found[name] = getattr(kernel, name), partial(costs.application, name, explain=False)
    return found


def spent(function: Callable[[str], object], text: str) -> float:
    """Return the CPU time of one call and of encoding what it gives, in milliseconds."""
    start = time.process_time()
    dumps(function(text))
    return (time.process_time() - start) * 1e3


def main() -> None:
    """Measure every kind on every route."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, default=50_000, help="size of a text")
    parser.add_argument("--routes", default="", help="routes, separated by commas; all by default")
    parser.add_argument("--kinds", default="", help="a part of the names of kinds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--above", type=float, default=0.0, help="show only higher ratios")
    arguments = parser.parse_args()
    kernel = Kernel.load()
    known = routes(kernel)
    prose = repeated(PARAGRAPH, arguments.characters)
    kernel.signal(prose)
    usual_charge = Costs(kernel).texts([prose], explain=False)
    print(f"{'route':<12} {'kind':<44} {'CPU':>7} {'charge':>7} {'ratio':>6}")
    missed = 0
    for route in arguments.routes.split(",") if arguments.routes else known:
        function, charge = known[route]
        for kind, make in kinds().items():
            if arguments.kinds not in kind:
                continue
            times, charges = [], []
            for _ in range(arguments.rounds):
                text = make(arguments.characters)
                charges.append(charge(text) / usual_charge)
                times.append((spent(function, text), spent(kernel.signal, prose)))
            taken = min(t[0] for t in times) / min(t[1] for t in times)
            charged = sum(charges) / len(charges)
            ratio = taken / charged
            missed += ratio > BOUND
            if ratio >= arguments.above:
                verdict = "MISSED" if ratio > BOUND else "ok"
                print(
                    f"{route:<12} {kind:<44} {taken:7.2f} {charged:7.2f} {ratio:6.2f} {verdict}",
                    flush=True,
                )
    print(f"{missed} kinds take more than {BOUND:g} times their charge")


if __name__ == "__main__":
    main()
