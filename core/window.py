"""Several texts in time order: drift of the window, correlation, and the arc of the story."""

import math
from collections.abc import Sequence

import numpy as np

from contract.options import Options
from contract.signal import Signal
from contract.window import TracyWidom, WindowAnswer, WindowItem
from core import __version__
from core.drift import drift_test, window_regime
from core.encoding import digest, named, number
from core.model import Floats, Model
from core.story import arc, drifts
from core.tracy_widom import QUANTILE_95, QUANTILE_99, f1
from core.tw369 import regime
from core.wording import drifts as wording_drifts
from core.wording import unit

FLAT = 1e-9


def read_window(
    model: Model, signals: Sequence[Signal], vectors: Sequence[Floats], options: Options
) -> WindowAnswer:
    """Read a window of texts from their signals and the vectors of their wording.

    With twelve or more texts that have evidence a permutation test decides the regime, and the
    index is 1 - p; with fewer it is the mean of the texts' own indices.
    """
    version = model.vocabulary.version
    window_id = digest(("window", *(s["signal_id"] for s in signals), options.canonical(), version))
    spoken = [signal for signal in signals if not signal["abstained"]]
    rows = np.array([list(signal["delta12"].values()) for signal in spoken]).reshape(-1, 12)
    units = [unit(vector) for vector in vectors]
    drift = drift_test(signals, units, _columns(model), window_id)
    own = [signal["tw"]["index"] for signal in spoken]
    index = number(1.0 - drift["p_value"] if drift else math.fsum(own) / max(1, len(own)))
    mean = rows.sum(axis=0) / len(rows) if len(rows) else np.full(12, 1.0 / 12.0)
    return {
        "window_id": window_id,
        "version": __version__,
        "data_version": version,
        "count": len(signals),
        "index": index,
        "index_source": "drift_test" if drift else "mean_of_texts",
        "tw_regime": (
            window_regime(drift["p_value"]) if drift else regime(model.vocabulary.tw, index)
        ),
        "drift": drift,
        "tracy_widom": (
            correlation(rows) if len(spoken) >= model.vocabulary.tw.window_minimum else None
        ),
        "story": arc(model, signals),
        "delta12": named(model.archetypes, map(number, mean.tolist())),
        "items": _items(signals, vectors),
    }


def _columns(model: Model) -> list[str]:
    """Return a name for each of the twelve columns, such as `COL_06_REACTIVE`."""
    return [
        f"COL_{column.col:02d}_{column.label.en.upper().replace(' ', '_')}"
        for column in model.vocabulary.columns
    ]


def correlation(rows: Floats) -> TracyWidom | None:
    """Compare the largest eigenvalue of standardised `rows` (texts, variables) with the law F1.

    One variable is dropped because a distribution sums to 1; constant variables carry nothing and
    are dropped too. `None` when nothing varies. The figure says how far archetypes go together and
    does not depend on the order of the texts. It is no test: with eleven standardised variables,
    independent Gaussian rows give a mean statistic of -1.8 to -2.1 instead of -1.21.
    """
    free = rows[:, :-1]
    deviation = free.std(axis=0, ddof=1)
    varying = deviation > FLAT
    if not varying.any():
        return None
    standard = (free[:, varying] - free[:, varying].mean(axis=0)) / deviation[varying]
    degrees, columns = len(rows) - 1, int(varying.sum())
    largest = float(np.linalg.eigvalsh(standard.T @ standard)[-1])
    edge = np.sqrt(degrees - 1.0) + np.sqrt(columns)
    mu = edge**2
    sigma = edge * (1.0 / np.sqrt(degrees - 1.0) + 1.0 / np.sqrt(columns)) ** (1.0 / 3.0)
    statistic = (largest - mu) / sigma
    return {
        "rows": len(rows),
        "columns": columns,
        "lambda_max": number(largest),
        "mu": number(mu),
        "sigma": number(sigma),
        "statistic": number(statistic),
        "f1": number(float(f1(statistic))),
        "quantile_95": QUANTILE_95,
        "quantile_99": QUANTILE_99,
    }


def _items(signals: Sequence[Signal], vectors: Sequence[Floats]) -> list[WindowItem]:
    moved = zip(drifts(signals), wording_drifts(vectors), strict=True)
    return [
        {
            "signal_id": signal["signal_id"],
            "abstained": signal["abstained"],
            "archetype": signal["archetype"],
            "delta_state": signal["delta_state"],
            "index": signal["tw"]["index"],
            "tw_regime": signal["tw_regime"],
            "journey_stage": (
                None if signal["abstained"] else signal["meta"]["campbell"]["journey_stage"]
            ),
            "drift": drift,
            "wording_drift": wording,
        }
        for signal, (drift, wording) in zip(signals, moved, strict=True)
    ]
