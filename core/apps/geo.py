"""Geo: geopolitical texts."""

import math
from typing import get_args

from contract.apps import GeoAnswer
from contract.signal import RiskWord
from core.apps.common import Analysis, epistemic_status, top_archetypes
from core.encoding import digest, number
from core.tw369 import weighted_tension

TOP = 3
STRESS_VECTORS = ("L3.P20", "L3.T30", "L3.M44", "L3.P19")
RELIEF_VECTORS = ("L3.S13", "L3.R36", "L3.P21", "L3.P17")
RISK_LEVELS: tuple[RiskWord, ...] = get_args(RiskWord)
MEDIUM, HIGH = 0.2, 0.7
GRAVE = 0.25
"""Strength of invasions, mass killing, coups and the like from which on a text is critical."""

STRESS_SHARE, INDEX_SHARE = 0.5, 0.5


def analyse(analysis: Analysis, region: str | None, source: str | None) -> GeoAnswer:
    """Return the reading of a geopolitical text."""
    signal = analysis.signal
    escalation = number(
        max(0.0, analysis.strength("conflict") - 0.5 * analysis.strength("diplomacy"))
    )
    stress = institutional_stress(analysis)
    weights, tension = weighted_tension(analysis.model.vocabulary.tw, "GEO", signal["tw"])
    return {
        "domain": "GEO",
        "signal_id": signal["signal_id"],
        "story_id": digest(("story", signal["signal_id"], region or "", source or "")),
        "top_archetypes": top_archetypes(signal, TOP),
        "tw_triggered": signal["tw_regime"] == "UNSTABLE",
        "tw_severity": signal["tw"]["severity"],
        "risk_level": risk_level(
            signal["tw"]["index"], escalation, stress, analysis.strength("grave")
        ),
        "escalation": escalation,
        "institutional_stress": stress,
        "plane_weights": weights,
        "weighted_tension": tension,
        "extras": {
            "region": region,
            "source": source,
            "epistemic_status": epistemic_status(signal),
        },
        "signal": signal,
    }


def institutional_stress(analysis: Analysis) -> float:
    """Return [0, 1]: words of stress, raised by layer-3 strain and lowered by what holds."""
    strain = math.fsum(max(0.0, analysis.score(vector)) for vector in STRESS_VECTORS)
    strain += math.fsum(max(0.0, -analysis.score(vector)) for vector in RELIEF_VECTORS)
    relief = math.fsum(max(0.0, analysis.score(vector)) for vector in RELIEF_VECTORS)
    vectors = len(STRESS_VECTORS) + len(RELIEF_VECTORS)
    structure = max(0.0, 2.0 * (strain - relief) / vectors)
    words = analysis.strength("institutional_stress")
    return number(1.0 - (1.0 - words) * (1.0 - min(1.0, structure)))


def risk_level(index: float, escalation: float, stress: float, grave: float) -> RiskWord:
    """Return the level of risk; escalation, stress and regime index are independent reasons."""
    if grave >= GRAVE:
        return "critical"
    risk = 1.0 - (1.0 - escalation) * (1.0 - STRESS_SHARE * stress) * (1.0 - INDEX_SHARE * index)
    return RISK_LEVELS[(risk >= MEDIUM) + (risk >= HIGH)]
