import math

import numpy as np
import pytest

from contract.options import Options, TwProfile
from core import tw369
from core.model import Floats, Model


def _field(
    model: Model, scores: Floats, options: Options | None = None, damping: float = 1.0
) -> tw369.Field:
    rows = np.array([scores])
    return tw369.read_field(model, rows, options or Options(), np.array([damping]))


def _scores(model: Model, **values: float) -> Floats:
    scores = np.zeros(144)
    for key, value in values.items():
        scores[model.kindra_index[key.replace("_", ".")]] = value
    return scores


def test_silence_has_no_tension(model):
    field = _field(model, np.zeros(144))
    assert field["tension"].tolist() == [[0.0, 0.0, 0.0]]
    assert field["index"].tolist() == [0.0]


def test_tension_is_mean_and_deviation_of_what_the_poles_carry(model):
    parameters = model.vocabulary.tw
    charged = np.zeros((1, 144))
    charged[0, :2] = [0.8, -0.4]
    planes = tw369.tension(parameters, charged, np.sign(charged))
    assert planes[0, 0] == pytest.approx(0.6 * 0.6 + 0.4 * 0.6)
    assert planes[0, 1:].tolist() == [0.0, 0.0]


def test_conflict_is_tense_and_calm_is_not(model):
    conflict = _field(model, _scores(model, L1_P21=0.6))
    calm = _field(model, _scores(model, L1_P21=-0.6))
    assert conflict["tension"][0, 0] > 0.5
    assert calm["tension"][0, 0] == 0.0


def test_severity_drift_and_metric(model):
    field = _field(model, _scores(model, L1_P21=0.5, L3_T30=0.3))
    t3, t6, t9 = field["tension"][0]
    assert field["severity"][0] == pytest.approx(1.0 - math.exp(-(t3 + t6 + t9) / 3.0))
    assert field["drift"][0].sum() == pytest.approx(0.0)
    assert field["drift_metric"][0] == pytest.approx(np.abs(field["drift"][0]).mean())
    assert np.abs(field["drift"]).max() <= 0.5 * field["severity"][0] + 1e-12


def test_tau_damps_the_drift(model):
    scores = _scores(model, L1_P21=0.5)
    full, damped = _field(model, scores), _field(model, scores, damping=0.5)
    np.testing.assert_allclose(damped["drift"], 0.5 * full["drift"])


def test_profiles_differ_as_their_parameters_do(model):
    scores = _scores(model, L1_P21=0.5, L2_P22=0.4)
    names: tuple[TwProfile, ...] = ("conservative_v1", "default", "exploratory_v1")
    severities = [_field(model, scores, Options(tw_profile=n))["severity"][0] for n in names]
    assert severities == sorted(severities)


@pytest.mark.parametrize(
    ("index", "regime"),
    [
        (0.0, "STABLE"),
        (0.299999, "STABLE"),
        (0.3, "CRITICAL"),
        (0.7, "CRITICAL"),
        (0.700001, "UNSTABLE"),
    ],
)
def test_regime_bounds(model, index, regime):
    assert tw369.regime(model.vocabulary.tw, index) == regime


def test_index_reaches_both_ends(model):
    profile = model.vocabulary.tw.profiles["default"]
    np.testing.assert_allclose(tw369.regime_index(np.array([0.0, 1.0]), profile), [0.0, 1.0])


def test_evolution_moves_columns_by_their_plane(model):
    columns = np.full((1, 12), 1.0 / 12.0)
    drift = np.array([[0.2, 0.0, -0.2]])
    moved = tw369.evolve(model, columns, drift, Options())[0]
    assert moved.sum() == pytest.approx(1.0)
    by_plane = [moved[model.column_plane == plane] for plane in range(3)]
    assert by_plane[0].max() < by_plane[2].min() < by_plane[1].min()
    again = tw369.evolve(model, columns, drift, Options(steps=2))[0]
    np.testing.assert_allclose(again, moved**2 / (moved**2).sum())


@pytest.mark.parametrize("domain", ["ALPHA", "GEO", "PRODUCT", "SAFEGUARD", "DEFAULT"])
@pytest.mark.parametrize("severity", [0.0, 0.3, 0.6, 1.0])
def test_domain_weights_stay_a_distribution(model, domain, severity):
    tw = {"tension": dict.fromkeys("369", 0.2), "severity": severity}
    weights, tension = tw369.weighted_tension(model.vocabulary.tw, domain, tw)
    assert sum(weights.values()) == pytest.approx(1.0)
    assert min(weights.values()) >= 0.0
    assert tension == pytest.approx(0.2)
