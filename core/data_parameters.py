"""Checks of the context rules and of the TW369 parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.data_lists import Known
from core.data_states import PLANES
from core.node import Node
from core.options import (
    CHANNELS,
    MAXIMUM_STEPS,
    MEDIA_TONES,
    SECTORS,
    SENTIMENTS,
    STRUCTURE,
    TW_PROFILES,
)
from core.vocabulary import Calibration, ContextRules, TwParameters, TwProfile, Weights

DOMAINS = ("ALPHA", "GEO", "PRODUCT", "SAFEGUARD", "DEFAULT")
SMALLEST_WINDOW = 3
"""The Tracy-Widom law is scaled by the square root of two texts less."""


def context_rules(body: Node, known: Known) -> ContextRules:
    """Return the rules; every target must be a vector of the Kindra files."""
    fields = body.fields(
        "country",
        "sector",
        "media_tone",
        "channel",
        "podcast_tone",
        "sentiment",
        "intense_sentiment",
        "structure",
        "structure_thresholds",
    )
    country, sector, tone, channel, podcast, sentiment, intense, structure, limits = fields
    for code, node in country.entries():
        Node(code, node.file, node.path).text(r"[A-Z]{2}")
    for name, node in podcast.entries():
        if name not in MEDIA_TONES:
            node.fail(f"'{name}' is not a media tone")
    threshold, adds = intense.fields("threshold", "adds")
    high, low = limits.fields("high", "low")
    inputs = dict(zip(STRUCTURE, structure.fields(*STRUCTURE), strict=True))
    return ContextRules(
        country={code: _adds(node, known) for code, node in country.entries()},
        sector=_table(sector, SECTORS, known),
        media_tone=_table(tone, MEDIA_TONES, known),
        channel=_table(channel, CHANNELS, known),
        podcast_tone={name: _adds(node, known) for name, node in podcast.entries()},
        sentiment=_table(sentiment, SENTIMENTS, known),
        intense_threshold=threshold.number(0.0, 1.0),
        intense_adds=_adds(adds, known),
        structure={
            name: {"high": _adds(node.fields("high", "low")[0], known),
                   "low": _adds(node.fields("high", "low")[1], known)}
            for name, node in inputs.items()
        },
        structure_high=high.number(0.0, 1.0),
        structure_low=low.number(0.0, 1.0),
    )  # fmt: skip


def _table(node: Node, names: tuple[str, ...], known: Known) -> Mapping[str, Weights]:
    members = node.fields(*names)
    return {name: _adds(member, known) for name, member in zip(names, members, strict=True)}


def _adds(node: Node, known: Known) -> Weights:
    found = {}
    for key, value in node.entries():
        if key not in known.kindra_keys:
            value.fail(f"'{key}' is not a vector of the Kindra files")
        found[key] = value.number(-1.0, 1.0)
    return found


def tw_parameters(body: Node, known: Known) -> TwParameters:
    """Return the TW369 parameters; every archetype must be calibrated."""
    tension, profiles, regime, steps, minimum, domains, calibrations = body.fields(
        "tension", "profiles", "regime", "max_steps", "window_minimum", "domains", "archetypes"
    )
    mean, deviation, gain = tension.fields("mean_weight", "deviation_weight", "gain")
    below, above = regime.fields("stable_below", "unstable_above")
    stable = below.number(0.0, 1.0)
    steps.integer(MAXIMUM_STEPS, MAXIMUM_STEPS)  # the bound is the options'; the two must agree
    profile_nodes = zip(TW_PROFILES, profiles.fields(*TW_PROFILES), strict=True)
    domain_nodes = zip(DOMAINS, domains.fields(*DOMAINS), strict=True)
    archetype_nodes = zip(
        known.archetype_ids, calibrations.fields(*known.archetype_ids), strict=True
    )
    return TwParameters(
        mean_weight=mean.number(0.0, 1.0),
        deviation_weight=deviation.number(0.0, 1.0),
        gain=gain.number(1.0, 5.0),
        profiles={name: _profile(node) for name, node in profile_nodes},
        stable_below=stable,
        unstable_above=above.number(stable, 1.0),
        window_minimum=minimum.integer(SMALLEST_WINDOW, 1000),
        domains={name: _plane_weights(node) for name, node in domain_nodes},
        archetypes={name: _calibration(node) for name, node in archetype_nodes},
    )


def _profile(node: Node) -> TwProfile:
    lam, damping, minimum, cap = node.fields("lambda", "damping", "min_factor", "severity_cap")
    return TwProfile(
        lam.number(0.01, 10.0),
        damping.number(0.0, 1.0),
        minimum.number(0.01, 1.0),
        cap.number(0.0, 1.0),
    )


def _plane_weights(node: Node) -> dict[str, float]:
    members = zip(PLANES, node.fields(*PLANES), strict=True)
    weights = {plane: member.number(0.0, 1.0) for plane, member in members}
    if round(math.fsum(weights.values()), 9) != 1.0:
        node.fail("the three plane weights must sum to 1")
    return weights


def _calibration(node: Node) -> Calibration:
    alpha, plane, tolerance = node.fields("alpha", "plane", "tolerance")
    return Calibration(
        alpha.number(0.0, 1.0), plane.choice(PLANES, "a plane"), tolerance.number(0.0, 1.0)
    )
