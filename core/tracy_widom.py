"""The Tracy-Widom laws F1 and F2.

Both laws are Chebyshev interpolants on [LOW, HIGH]. `tracy_widom.json` has the coefficients, which
tests/core/fredholm.py computes from Fredholm determinants. The interpolants differ from the
determinants by less than 1e-12.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.model import Floats

Beta = Literal[1, 2]

LOW, HIGH = -10.0, 12.0
"""Outside of these bounds the laws are 0 and 1 to within 1e-11."""

COEFFICIENTS = Path(__file__).with_suffix(".json")
QUANTILE_95, QUANTILE_99 = 0.979316, 2.023449
"""Where F1 is 0.95 and 0.99."""


def f1(s: npt.ArrayLike) -> Floats:
    """Return F1(s), the law of the largest eigenvalue of real symmetric matrices (GOE)."""
    return _interpolated(1, s)


def f2(s: npt.ArrayLike) -> Floats:
    """Return F2(s), the law of the largest eigenvalue of complex Hermitian matrices (GUE)."""
    return _interpolated(2, s)


@lru_cache(maxsize=1)
def coefficients() -> dict[str, list[float]]:
    """Return the Chebyshev coefficients of "f1" and "f2" on [LOW, HIGH]."""
    listed: dict[str, list[float]] = json.loads(COEFFICIENTS.read_text(encoding="ascii"))
    return listed


def _interpolated(beta: Beta, s: npt.ArrayLike) -> Floats:
    """Evaluate by Clenshaw's recurrence: importing numpy.polynomial takes longer than this."""
    points = np.asarray(s, dtype=np.float64)
    x = np.clip((2.0 * points - LOW - HIGH) / (HIGH - LOW), -1.0, 1.0)
    first, *rest = coefficients()[f"f{beta}"]
    value, previous = np.zeros_like(x), np.zeros_like(x)
    for coefficient in reversed(rest):
        value, previous = coefficient - previous + 2.0 * x * value, value
    return np.clip(first - previous + x * value, 0.0, 1.0)
