"""Whether a window of texts drifts: a permutation test for one change of mean.

The rows are what a signal says of archetypes and of columns: two marginals of Δ144, 24 numbers that
sum to two. For every split of the window the statistic compares the means before and after it,
scaled by the sizes of both parts (the CUSUM statistic); the largest over all splits is compared
with the same maximum in fixed permutations of the rows. If the order of the texts says nothing,
p <= a happens with probability a, whatever the texts are and however long.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import shake_128
from typing import NamedTuple

import numpy as np

from contract.signal import Regime, Signal
from contract.window import Drift, MovedShare
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

TIE_DECIMALS = 9
MOVED_SHOWN = 4
_KEY_BYTES = 8


class Change(NamedTuple):
    """The most likely split (rows before it), its statistic and the p-value."""

    split: int
    statistic: float
    p_value: float


def largest_change(rows: Floats, key: str) -> Change:
    """Test `rows` (texts, variables) for a change of mean; `key` fixes the permutations.

    The statistic is the largest ‖S_k‖² n / (k (n - k)) over the splits k, where S_k is the sum of
    the first k centred rows.
    """
    count = len(rows)
    centred = rows - rows.mean(axis=0)
    order = np.vstack([np.arange(count), _permutations(count, key)])
    edge = max(SHORTEST_PART, count // PARTS)
    first = np.arange(edge, count - edge + 1)
    scale = count / (first * (count - first))
    scaled = np.concatenate(
        [_squares(centred[block], first) * scale for block in np.array_split(order, BLOCKS)]
    )
    scaled = np.round(scaled, TIE_DECIMALS)
    largest = scaled.max(axis=1)
    as_large = int((largest[1:] >= largest[0]).sum())
    return Change(
        split=int(first[scaled[0].argmax()]),
        statistic=float(largest[0]),
        p_value=(1 + as_large) / (1 + PERMUTATIONS),
    )


def _squares(rows: Floats, first: Integers) -> Floats:
    """Return (orders, splits): the squared length of the sums of `rows` (orders, texts, 24)."""
    sums = np.cumsum(rows, axis=1)[:, first - 1]
    squares: Floats = (sums**2).sum(axis=2)
    return squares


def _permutations(count: int, key: str) -> Integers:
    """Return (PERMUTATIONS, count): the same on every machine, unlike a generator's."""
    stream = shake_128(key.encode()).digest(PERMUTATIONS * count * _KEY_BYTES)
    keys = np.frombuffer(stream, dtype="<u8").reshape(PERMUTATIONS, count)
    return np.argsort(keys, axis=1, kind="stable")


def drift_test(signals: Sequence[Signal], columns: Sequence[str], key: str) -> Drift | None:
    """Test the texts that speak; `None` when they are fewer than twelve.

    `columns` names the twelve columns.
    """
    places = [place for place, signal in enumerate(signals) if not signal["abstained"]]
    if len(places) < MINIMUM_TEXTS:
        return None
    states = np.array([signals[place]["delta144"] for place in places]).reshape(-1, 12, 12)
    rows = np.concatenate([states.sum(axis=2), states.sum(axis=1)], axis=1)
    change = largest_change(rows, key)
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
        "moved": moved,
        "reason": "",
    }
    found["reason"] = _reason(found, places[change.split - 1])
    return found


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
    return (
        f"Between texts {last_before} and {found['split']} the means change (p ="
        f" {found['p_value']:g}): {moves}."
    )
