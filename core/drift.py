"""Whether a window of texts drifts: a permutation test for one change of mean.

Two kinds of rows are tested. *States*: what a signal says of archetypes and of columns, two
marginals of Δ144, as square roots (so that Euclidean distance is Hellinger distance). *Wording*:
the unit vector of `core/wording.py`, which sees a change of register that leaves the mood alone.
For every split of the window the statistic compares the means before and after it, scaled by the
sizes of both parts (the CUSUM statistic); the largest over all splits is ranked among the same
maximum in fixed permutations of the texts. The smaller of both ranks is in turn compared with the
smaller rank of every permutation (Westfall and Young's min-p), so two tests do not alarm more often
than one: if the order of the texts says nothing, p <= a happens with probability a, whatever the
texts are and however long.
"""

from collections.abc import Sequence
from hashlib import shake_128
from typing import NamedTuple, get_args

import numpy as np

from contract.signal import Regime, Signal
from contract.window import Drift, MovedShare, SeenIn
from core.encoding import number
from core.model import Floats, Integers

MINIMUM_TEXTS = 12
PERMUTATIONS = 199
UNSTABLE_P, CRITICAL_P = 0.05, 0.2
"""UNSTABLE at p <= 0.05, CRITICAL at p <= 0.2: the rates of false alarms."""

SHORTEST_PART = 2
PARTS = 10
"""A part holds at least a tenth of the texts, and at least two: one odd text is no drift."""

BLOCKS = 8
"""The permutations are summed in so many blocks, to keep little in memory."""

FOLDS = 4
"""So many cells of the wording are one where there are more texts than cells."""

TIE_DECIMALS = 9
MOVED_SHOWN = 4
_KEY_BYTES = 8


class Change(NamedTuple):
    """The most likely split (rows before it), the p-value, and which of the rows show it.

    `statistic` is that of those rows.
    """

    split: int
    statistic: float
    p_value: float
    kind: int


def largest_change(kinds: Sequence[Floats], key: str) -> Change:
    """Test rows of several kinds, each (texts, variables), for a common change of mean.

    `key` fixes the permutations. The statistic of a kind is the largest ‖S_k‖² n / (k (n - k)) over
    the splits k, where S_k is the sum of the first k centred rows.
    """
    count = len(kinds[0])
    order = np.vstack([np.arange(count), _permutations(count, key)])
    edge = max(SHORTEST_PART, count // PARTS)
    first = np.arange(edge, count - edge + 1)
    scaled = [_statistics(rows, order, first) for rows in kinds]
    largest = np.array([statistics.max(axis=1) for statistics in scaled])
    # How many orders, itself included, have a statistic as large: small is remarkable.
    ranks = (largest[:, None, :] >= largest[:, :, None]).sum(axis=2)
    smallest = ranks.min(axis=0)
    kind = int(ranks[:, 0].argmin())
    return Change(
        split=int(first[scaled[kind][0].argmax()]),
        statistic=float(largest[kind, 0]),
        p_value=int((smallest <= smallest[0]).sum()) / len(order),
        kind=kind,
    )


def _statistics(rows: Floats, order: Integers, first: Integers) -> Floats:
    """Return (orders, splits): the statistic of every split `first` of `rows` in every order."""
    centred = rows - rows.mean(axis=0)
    count, variables = rows.shape
    # By einsum: BLAS may differ between machines.
    products = np.einsum("ik,jk->ij", centred, centred) if count < variables else None
    squares: list[Floats] = []
    for block in np.array_split(order, BLOCKS):
        if products is None:
            sums = np.cumsum(centred[block], axis=1)
            squares.append(np.einsum("ijk,ijk->ij", sums, sums))
        else:
            # Faster with few texts: ‖S_k‖² - ‖S_(k-1)‖² is the product of row k with itself and
            # twice those with the rows before it.
            pairs = products[block[:, :, None], block[:, None, :]]
            added = np.einsum("ijk,jk->ij", pairs, 2.0 * np.tri(count, k=-1) + np.eye(count))
            squares.append(np.cumsum(added, axis=1))
    scale = count / (first * (count - first))
    statistics: Floats = np.concatenate(squares)[:, first - 1] * scale
    return np.round(statistics, TIE_DECIMALS)


def _permutations(count: int, key: str) -> Integers:
    """Return (PERMUTATIONS, count): the same on every machine, unlike a generator's."""
    stream = shake_128(key.encode()).digest(PERMUTATIONS * count * _KEY_BYTES)
    keys = np.frombuffer(stream, dtype="<u8").reshape(PERMUTATIONS, count)
    return np.argsort(keys, axis=1, kind="stable")


def drift_test(
    signals: Sequence[Signal], wording: Sequence[Floats], columns: Sequence[str], key: str
) -> Drift | None:
    """Test the texts that speak; `None` when they are fewer than twelve.

    `wording` holds the unit vector of each text's words; `columns` names the twelve columns.
    """
    places = [place for place, signal in enumerate(signals) if not signal["abstained"]]
    if len(places) < MINIMUM_TEXTS:
        return None
    rows = shares([signals[place] for place in places])
    cells = np.array([wording[place] for place in places])
    if len(cells) >= cells.shape[1]:  # so many texts need fewer variables, and would take longest
        cells = cells.reshape(len(cells), FOLDS, -1).sum(axis=1)
    change = largest_change([np.sqrt(rows), cells], key)
    before, after = rows[: change.split].mean(axis=0), rows[change.split :].mean(axis=0)
    names = [*signals[0]["delta12"], *columns]
    order = np.argsort(-np.round(np.abs(after - before), TIE_DECIMALS), kind="stable")
    moved: list[MovedShare] = [
        {"id": names[i], "before": number(float(before[i])), "after": number(float(after[i]))}
        for i in order[:MOVED_SHOWN].tolist()
    ]
    found: Drift = {
        "texts": len(places),
        "permutations": PERMUTATIONS,
        "statistic": number(change.statistic),
        "p_value": number(change.p_value),
        "split": places[change.split],
        "seen_in": get_args(SeenIn)[change.kind],
        "moved": moved,
        "reason": "",
    }
    found["reason"] = _reason(found, places[change.split - 1])
    return found


def shares(signals: Sequence[Signal]) -> Floats:
    """Return (texts, 24): the probabilities of archetypes and of columns, two sums of Δ144."""
    states = np.array([signal["delta144"] for signal in signals]).reshape(-1, 12, 12)
    return np.concatenate([states.sum(axis=2), states.sum(axis=1)], axis=1)


def window_regime(p_value: float) -> Regime:
    """Return UNSTABLE at p <= 0.05, CRITICAL at p <= 0.2, else STABLE."""
    if p_value <= UNSTABLE_P:
        return "UNSTABLE"
    return "CRITICAL" if p_value <= CRITICAL_P else "STABLE"


def _reason(found: Drift, last_before: int) -> str:
    """Return what moved, between which texts (counted from 0, as in `items`)."""
    if window_regime(found["p_value"]) == "STABLE":
        return f"No change of mean stands out (p = {found['p_value']:g})."
    moves = ", ".join(
        f"{share['id']} from {share['before']:.2f} to {share['after']:.2f}"
        for share in found["moved"]
    )
    what = "means change" if found["seen_in"] == "states" else "wording changes"
    return (
        f"Between texts {last_before} and {found['split']} the {what} (p ="
        f" {found['p_value']:g}): {moves}."
    )
