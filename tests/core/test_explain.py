import pytest

from contract.options import Options

TEXT = "The president vowed retaliation, but people don't fear the war; “hope” remains."
EXPLAIN = Options(explain=True)


@pytest.fixture(scope="module")
def explained(kernel):
    return kernel.signal(TEXT, EXPLAIN)


def test_explanation_is_only_given_when_asked_for(kernel, explained):
    plain = kernel.signal(TEXT)
    assert "explain" not in plain
    same = {key: value for key, value in explained.items() if key not in {"explain", "signal_id"}}
    assert same == {key: value for key, value in plain.items() if key != "signal_id"}


def test_terms_point_into_the_text_as_given(explained):
    terms = explained["explain"]["terms"]
    assert [TEXT[term["start"] : term["end"]] for term in terms] == [t["term"] for t in terms]
    assert {"president", "vowed retaliation", "fear", "war", "hope"} <= {
        term["term"] for term in terms
    }


def test_split_surrogate_pairs_are_characters(kernel):
    halves = "".join(map(chr, (0xD83D, 0xDE00)))
    for face in (halves, "\U0001f600"):
        last = kernel.signal(f"{TEXT} {face} war", EXPLAIN)["explain"]["terms"][-1]
        assert (last["term"], last["start"]) == ("war", len(TEXT) + 3)
    assert kernel.product(f"bad {halves} bad")["pain_rate"] > 0


def test_hits_that_name_no_archetype_are_not_called_unknown_words(kernel):
    signal = kernel.signal("You are not an idiot.")
    assert (signal["abstain_reason"], signal["evidence"]["hits"]) == ("no_evidence", 1)
    assert "speaks for an archetype" in signal["explanation"]


def test_negated_term_counts_half_for_the_opposite(explained):
    (fear,) = (t for t in explained["explain"]["terms"] if t["term"] == "fear")
    assert (fear["sign"], fear["weight"], fear["concepts"]) == (-1, 0.5, ["courage"])


def test_influence_is_what_happens_without_the_term(kernel, explained):
    influence = {t["term"]: t for t in explained["explain"]["influence"]["terms"]}
    archetype = explained["archetype"]
    without = kernel.signal(TEXT.replace("war", "xxx"), EXPLAIN)
    gap = explained["delta12"][archetype] - without["delta12"][archetype]
    assert influence["war"]["archetype_delta"] == pytest.approx(gap, abs=2e-6)
    assert influence["war"]["archetype_delta"] > 0


def test_vectors_that_moved_the_result_are_named_with_their_scores(explained):
    vectors = explained["explain"]["influence"]["vectors"]
    scores = explained["kindra"]["scores"]
    assert {vector["id"]: vector["score"] for vector in vectors}.items() <= scores.items()
    sizes = [abs(vector["archetype_delta"]) for vector in vectors]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0
    assert any(vector["state_delta"] != vector["archetype_delta"] for vector in vectors)


def test_stages_lead_from_the_base_to_the_result(explained):
    stages = explained["explain"]["stages"]
    assert stages["modulated_delta12"] == explained["delta12"]
    assert stages["base_delta12"] != stages["modulated_delta12"]
    for name in ("base_delta12", "modulated_delta12", "base_columns", "evolved_columns"):
        assert sum(stages[name].values()) == pytest.approx(1.0, abs=1e-5)


def test_stages_follow_from_what_they_were_given(explained):
    stages = explained["explain"]["stages"]
    weights = {k: (0.05 + v) ** 2 for k, v in stages["evidence_columns"].items()}
    total = sum(weights.values())
    expected = {name: weight / total for name, weight in weights.items()}
    assert stages["base_columns"] == pytest.approx(expected, abs=1e-5)
    assert stages["tau_features"]["bias"] == explained["bias_score"]
    assert stages["tau_features"]["severity"] == explained["tw"]["severity"]


def test_caution_is_of_bias_alone(kernel):
    loud = kernel.signal("You idiots! Liars, scum, we will kill you all! " * 3, EXPLAIN)
    calm = kernel.signal(TEXT, EXPLAIN)
    applied = loud["explain"]["stages"]["caution"]
    assert applied["tau"] < calm["explain"]["stages"]["caution"]["tau"]
    assert applied["drift_damping"] < 1.0
    assert applied["archetype_smoothing"] < 1.0


def test_silence_is_explained_without_influence(kernel):
    explain = kernel.signal("war", EXPLAIN)["explain"]
    assert [term["term"] for term in explain["terms"]] == ["war"]
    assert explain["influence"] == {"terms": [], "vectors": []}
