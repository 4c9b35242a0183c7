"""The Tracy-Widom laws F1 and F2 by Fredholm determinants, and their quantiles.

F2(s) = det(I - K_Airy) and F1(s) = det(I - ½ Ai((x+y)/2)) on (s, ∞), by Gauss-Legendre quadrature
on [s, max(s, 0) + 16]: Bornemann's method, whose error falls exponentially with the number of
nodes. Beyond that the kernels are below 1e-16. For many points the determinants are taken once at
Chebyshev nodes and interpolated; the interpolant differs from the determinant by less than 1e-10.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.model import Floats

Beta = Literal[1, 2]

NODES = 48
REACH = 16.0
LOW, HIGH = -10.0, 12.0
"""Outside of these bounds the laws are 0 and 1 to within 1e-11."""

CHEBYSHEV_NODES = 96
BISECTIONS = 60


def f1(s: npt.ArrayLike) -> Floats:
    """Return F1(s), the law of the largest eigenvalue of real symmetric matrices (GOE)."""
    return _interpolated(1, s)


def f2(s: npt.ArrayLike) -> Floats:
    """Return F2(s), the law of the largest eigenvalue of complex Hermitian matrices (GUE)."""
    return _interpolated(2, s)


def quantile(beta: Beta, probability: npt.ArrayLike) -> Floats:
    """Return the s with F(s) = probability, for probabilities in (0, 1), by bisection.

    Raises:
        ValueError: a probability is not inside (0, 1).

    """
    wanted = np.asarray(probability, dtype=np.float64)
    if not np.all((wanted > 0.0) & (wanted < 1.0)):
        raise ValueError("a probability must lie between 0 and 1, both excluded")
    low = np.full(wanted.shape, LOW)
    high = np.full(wanted.shape, HIGH)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        below = _interpolated(beta, middle) < wanted
        low = np.where(below, middle, low)
        high = np.where(below, high, middle)
    result: Floats = (low + high) / 2.0
    return result


def determinant(beta: Beta, s: npt.ArrayLike) -> Floats:
    """Return F1 or F2 at every s directly from the determinant (about 0.1 ms a point)."""
    from scipy.special import airy  # noqa: PLC0415 - slow to import, and only windows need it

    points = np.atleast_1d(np.asarray(s, dtype=np.float64))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    reach = REACH + np.maximum(0.0, -points)[:, None]
    x = points[:, None] + reach * (nodes + 1.0) / 2.0
    root = np.sqrt(weights * reach / 2.0)
    kernel = _goe_kernel(x) if beta == 1 else _airy_kernel(x, *airy(x)[:2])
    result: Floats = np.linalg.det(np.eye(NODES) - root[:, :, None] * kernel * root[:, None, :])
    return result


def _goe_kernel(x: Floats) -> Floats:
    """Return ½ Ai((x+y)/2); it is symmetric, so half of it is computed."""
    from scipy.special import airy  # noqa: PLC0415 - as above

    rows, columns = np.triu_indices(x.shape[1])
    half = 0.5 * airy((x[:, rows] + x[:, columns]) / 2.0)[0]
    kernel = np.empty((len(x), x.shape[1], x.shape[1]))
    kernel[:, rows, columns] = half
    kernel[:, columns, rows] = half
    return kernel


def _airy_kernel(x: Floats, ai: Floats, slope: Floats) -> Floats:
    """Return (Ai(x)Ai'(y) - Ai'(x)Ai(y)) / (x - y), on the diagonal Ai'² - x Ai²."""
    difference = x[:, :, None] - x[:, None, :]
    diagonal = np.arange(x.shape[1])
    difference[:, diagonal, diagonal] = 1.0
    kernel = (ai[:, :, None] * slope[:, None, :] - slope[:, :, None] * ai[:, None, :]) / difference
    kernel[:, diagonal, diagonal] = slope**2 - x * ai**2
    return kernel


@lru_cache(maxsize=2)
def _coefficients(beta: Beta) -> Floats:
    """Return Chebyshev coefficients of F on [LOW, HIGH]; computed at first use."""
    angles = np.pi * (np.arange(CHEBYSHEV_NODES) + 0.5) / CHEBYSHEV_NODES
    values = determinant(beta, LOW + (np.cos(angles) + 1.0) * (HIGH - LOW) / 2.0)
    orders = np.arange(CHEBYSHEV_NODES)
    coefficients = 2.0 / CHEBYSHEV_NODES * (np.cos(orders[:, None] * angles) @ values)
    coefficients[0] /= 2.0
    return coefficients


def _interpolated(beta: Beta, s: npt.ArrayLike) -> Floats:
    points = np.asarray(s, dtype=np.float64)
    inside = np.clip((2.0 * points - LOW - HIGH) / (HIGH - LOW), -1.0, 1.0)
    values = np.polynomial.chebyshev.chebval(inside, _coefficients(beta))
    return np.clip(values, 0.0, 1.0)
