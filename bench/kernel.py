"""What the kernel costs: `python bench/kernel.py [--texts 100000]`.

Prints each figure with its bound. Times are the process's own CPU time on one thread, so that other
work on the machine does not count; the best of several rounds is taken.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

REPO = Path(__file__).resolve().parent.parent

import numpy as np  # noqa: E402 - one thread must be asked for before numpy is there

from core.encoding import dumps  # noqa: E402
from core.kernel import Kernel  # noqa: E402
from core.tracy_widom import f1, f2  # noqa: E402

PARAGRAPH = (
    "Good afternoon, and thank you for joining the call. Revenue for the quarter was two hundred "
    "million, up six percent on the year before, as customers in the north returned to our stores "
    "and the new platform reached its first full season. Costs rose as well: freight remains "
    "expensive, and two suppliers could not deliver what they had promised in spring. We expect "
    "these delays to ease by winter, although nobody can be certain of it. Our teams worked with "
    "great discipline, and I want to thank them for their effort. "
)
WORDS = 300
LOAD_SCRIPT = (
    "import time; t = time.process_time(); from core.kernel import Kernel; Kernel.load();"
    "print(time.process_time() - t)"
)


def text_of(words: int, salt: int) -> str:
    """Return a text of so many words that no other salt gives."""
    listed = (PARAGRAPH * 8).split()
    turn = salt % len(PARAGRAPH.split())
    return " ".join([f"Item {salt}.", *listed[turn:], *listed[:turn]][: words - 1])


def best(function: Callable[[], object], rounds: int, calls: int = 1) -> float:
    """Return the least CPU time of one call, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(calls):
            function()
        times.append((time.process_time() - start) / calls)
    return min(times)


def by_turns(
    first: Callable[[], object], second: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """Return the least CPU times of two calls made by turns: a slow moment then meets both."""
    times = [(best(first, 1), best(second, 1)) for _ in range(rounds)]
    return min(t[0] for t in times), min(t[1] for t in times)


def one_by_one(kernel: Kernel, texts: list[str]) -> None:
    """Read texts with a call each."""
    for text in texts:
        kernel.signal(text)


def all_together(kernel: Kernel, texts: list[str]) -> None:
    """Read texts with one call."""
    for _ in kernel.batch(texts):
        pass


def show(what: str, value: float, unit: str, bound: str, *, good: bool) -> None:
    """Print one line."""
    print(f"{what:<58} {value:9.3f} {unit:<9} {bound:<10} {'ok' if good else 'MISSED'}")


def hostile(kernel: Kernel) -> None:
    """Texts of 50,000 characters that would be dear to a reader with a quadratic step."""
    shapes = {
        "marks": ".!?" * 16_666,
        "sentences": "bad. " * 10_000,
        "paragraphs": "war fear\n\n" * 5_000,
        "one word": "a" * 50_000,
        "apostrophes": "a'" * 25_000,
    }
    ordinary = (PARAGRAPH * 112)[:50_000]
    apps = (kernel.alpha, kernel.geo, kernel.product, kernel.safeguard)
    usual = max(best(partial(app, ordinary), 3) for app in apps)
    show("50,000 characters of prose, dearest app", usual, "s", "-", good=True)
    for name, text in shapes.items():
        spent = max(best(partial(app, text), 1) for app in apps)
        show(f"  50,000 characters of {name}", spent, "s", "<= 3", good=spent <= 3)


def resident_bytes() -> int:
    """Return the memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def load_time() -> float:
    """Return the least CPU time of import and data load, in a new process each."""
    command = [sys.executable, "-c", LOAD_SCRIPT]
    runs = [
        subprocess.run(  # noqa: S603 - this interpreter and the script above
            command, cwd=REPO, check=True, capture_output=True, text=True
        ).stdout
        for _ in range(3)
    ]
    return min(map(float, runs))


def laws() -> None:
    """F1 as the first window of a process asks for it, then 1,000 points."""
    start = time.process_time()
    f1(0.5)
    first = (time.process_time() - start) * 1e3
    show("F1, first use in the process", first, "ms", "<= 50", good=first <= 50)
    points = np.linspace(-8.0, 6.0, 1_000)
    spent = best(lambda: (f1(points), f2(points)), 5) * 1e3
    show("F1 and F2 at 1,000 points", spent, "ms", "<= 50", good=spent <= 50)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=100_000, help="texts of the memory check")
    arguments = parser.parse_args()
    spent = load_time()
    show("import and data load", spent, "s", "<= 0.4", good=spent <= 0.4)

    kernel = Kernel.load()
    batch = [text_of(WORDS, i) for i in range(1_000)]
    kernel.signal(batch[0])
    one = best(lambda: kernel.signal(batch[1]), 7, 20) * 1e3
    show("one text of 300 words", one, "ms", "<= 3", good=one <= 3)
    for words in (300, 30):
        listed = [text_of(words, i) for i in range(1_000)]
        alone, together = by_turns(
            partial(one_by_one, kernel, listed), partial(all_together, kernel, listed), 7
        )
        ratio = alone / together
        name = f"batch of 1,000 x {words} words against one by one"
        show(name, ratio, "times", ">= 3", good=ratio >= 3)
        show(f"  a text in the batch ({words} words)", together, "ms", "-", good=True)
    encoded = best(lambda: dumps(kernel.signal(batch[1])), 5, 20) * 1e3
    show("one text of 300 words, encoded", encoded, "ms", "-", good=True)
    laws()
    hostile(kernel)
    memory(kernel, arguments.texts)


def memory(kernel: Kernel, texts: int) -> None:
    """Read many different texts, after a tenth of them to settle, and compare the memory held.

    One in a hundred has a word of a thousand characters that no other has.
    """
    for i in range(texts // 10):
        kernel.signal(text_of(40, i))
    before = resident_bytes()
    for i in range(texts):
        kernel.signal(text_of(40, texts + i) + f" {i:x<1000}" * (i % 100 == 0))
    grown = (resident_bytes() - before) / 2**20
    show(f"memory grown over {texts:,} texts", grown, "MiB", "<= 16", good=grown <= 16)


if __name__ == "__main__":
    main()
