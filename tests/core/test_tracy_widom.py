"""F1 and F2 against reference values and against Painlevé II."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import airy

from core.tracy_widom import HIGH, LOW, QUANTILE_95, QUANTILE_99, f1, f2
from tests.core.fredholm import determinant

POINTS = [-3, -2, -1, 0, 1, 2]
F1 = [0.06960, 0.27432, 0.58379, 0.83191, 0.95142, 0.98960]
F2 = [0.08032, 0.41322, 0.80721, 0.96937, 0.99751, 0.99989]
F2_AT_MINUS_2 = 0.41322414250512257485
"""Published to twenty digits (Bornemann, On the numerical evaluation of Fredholm determinants)."""

START = 10.0


@pytest.fixture(scope="module")
def painleve():
    """Hastings-McLeod: u'' = 2u³ + su with u ~ Ai at +∞, and the integrals the laws need.

    State: u, u', I = ∫(x-s)u² dx, J = ∫u² dx, K = ∫u dx, all from s to ∞.
    """
    ai, slope = airy(START)[:2]

    def field(s, y):
        u, du, _, j, _ = y
        return [du, 2.0 * u**3 + s * u, -j, -u * u, -u]

    tail = ai * ai
    first = [ai, slope, tail / START, slope**2 - START * tail, ai / np.sqrt(START)]
    solved = solve_ivp(
        field, (START, -6.0), first, method="DOP853", rtol=1e-13, atol=1e-18, dense_output=True
    )
    return solved.sol


def test_reference_values_to_their_last_digit():
    np.testing.assert_allclose(f1(POINTS), F1, rtol=0, atol=5.1e-6)
    np.testing.assert_allclose(f2(POINTS), F2, rtol=0, atol=5.1e-6)
    assert abs(float(f2(-2.0)) - F2_AT_MINUS_2) < 1e-12


def test_both_laws_agree_with_painleve_at_the_reference_points_and_between(painleve):
    s = np.concatenate([POINTS, np.linspace(-5.0, 6.0, 200)])
    _, _, i, _, k = painleve(s)
    assert np.abs(f1(s) - np.exp(-(i + k) / 2.0)).max() < 1e-6
    assert np.abs(f2(s) - np.exp(-i)).max() < 1e-6


@pytest.mark.parametrize(("beta", "law"), [(1, f1), (2, f2)])
def test_interpolant_is_the_determinant(beta, law):
    s = np.linspace(LOW + 0.03, HIGH - 0.03, 97)
    assert np.abs(law(s) - determinant(beta, s)).max() < 1e-12


def test_quantiles():
    np.testing.assert_allclose(f1([QUANTILE_95, QUANTILE_99]), [0.95, 0.99], rtol=0, atol=1e-7)


@pytest.mark.parametrize("law", [f1, f2])
def test_law_is_a_distribution(law):
    s = np.linspace(-60.0, 60.0, 4001)
    values = law(s)
    assert values[0] < 1e-12
    assert values[-1] > 1.0 - 1e-9
    assert np.diff(values).min() > -1e-12
