from contract.options import Options


def test_equal_options_have_one_canonical_form():
    whole = Options.model_validate({"context": {"institutional_strength": 1}})
    real = Options.model_validate({"context": {"institutional_strength": 1.0}})
    assert whole.canonical() == real.canonical()
    assert Options(steps=2).canonical() != Options().canonical()
