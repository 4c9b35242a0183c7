"""F1 and F2 as Fredholm determinants: `python tests/core/fredholm.py` rewrites the coefficients.

F2(s) = det(I - K_Airy) and F1(s) = det(I - ½ Ai((x+y)/2)) on (s, ∞), by Gauss-Legendre quadrature
on [s, max(s, 0) + 16]: Bornemann's method, whose error falls exponentially with the number of
nodes. Beyond that the kernels are below 1e-16.
"""

import json

import numpy as np
import numpy.typing as npt
from scipy.special import airy

from core.model import Floats
from core.tracy_widom import COEFFICIENTS, HIGH, LOW, Beta

NODES = 48
REACH = 16.0
CHEBYSHEV_NODES = 96


def determinant(beta: Beta, s: npt.ArrayLike) -> Floats:
    """Return F1 or F2 at every s."""
    points = np.atleast_1d(np.asarray(s, dtype=np.float64))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    reach = REACH + np.maximum(0.0, -points)[:, None]
    x = points[:, None] + reach * (nodes + 1.0) / 2.0
    root = np.sqrt(weights * reach / 2.0)
    kernel = _goe_kernel(x) if beta == 1 else _airy_kernel(x, *airy(x)[:2])
    result: Floats = np.linalg.det(np.eye(NODES) - root[:, :, None] * kernel * root[:, None, :])
    return result


def computed_coefficients(beta: Beta) -> Floats:
    """Return the Chebyshev coefficients of F on [LOW, HIGH]."""
    orders = np.arange(CHEBYSHEV_NODES)
    angles = np.pi * (orders + 0.5) / CHEBYSHEV_NODES
    values = determinant(beta, LOW + (np.cos(angles) + 1.0) * (HIGH - LOW) / 2.0)
    coefficients: Floats = 2.0 / CHEBYSHEV_NODES * (np.cos(orders[:, None] * angles) @ values)
    coefficients[0] /= 2.0
    return coefficients


def _goe_kernel(x: Floats) -> Floats:
    """Return ½ Ai((x+y)/2)."""
    kernel: Floats = 0.5 * airy((x[:, :, None] + x[:, None, :]) / 2.0)[0]
    return kernel


def _airy_kernel(x: Floats, ai: Floats, slope: Floats) -> Floats:
    """Return (Ai(x)Ai'(y) - Ai'(x)Ai(y)) / (x - y), on the diagonal Ai'² - x Ai²."""
    difference = x[:, :, None] - x[:, None, :]
    diagonal = np.arange(x.shape[1])
    difference[:, diagonal, diagonal] = 1.0
    kernel: Floats = (
        ai[:, :, None] * slope[:, None, :] - slope[:, :, None] * ai[:, None, :]
    ) / difference
    kernel[:, diagonal, diagonal] = slope**2 - x * ai**2
    return kernel


if __name__ == "__main__":
    computed = {f"f{beta}": computed_coefficients(beta).tolist() for beta in (1, 2)}
    COEFFICIENTS.write_text(json.dumps(computed, indent=1) + "\n", encoding="ascii")
