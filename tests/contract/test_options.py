import pytest
from pydantic import ValidationError

from contract.options import Context, Options


def test_defaults_and_validation_agree():
    assert Options.model_validate({}) == Options()
    assert Options.model_validate({"language": "pt", "context": {"country": "BR"}}) == Options(
        language="pt", context=Context(country="BR")
    )


def test_equal_options_have_one_canonical_form():
    whole = Options.model_validate({"context": {"institutional_strength": 1}})
    real = Options.model_validate({"context": {"institutional_strength": 1.0}})
    assert whole.canonical() == real.canonical()
    assert Options(steps=2).canonical() != Options().canonical()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"language": "fr"}, "language"),
        ({"language": None}, "language"),
        ({"steps": 0}, "steps"),
        ({"steps": True}, "steps"),
        ({"steps": 1.5}, "steps"),
        ({"explain": 1}, "explain"),
        ({"tw_profile": "wild"}, "tw_profile"),
        ({"context": []}, "context"),
        ({"context": {"weather": "fine"}}, "context.weather"),
        ({"context": {"country": "Brazil"}}, "context.country"),
        ({"context": {"country": 7}}, "context.country"),
        ({"context": {"sector": "magic"}}, "context.sector"),
        ({"context": {"channel": ["x"]}}, "context.channel"),
        ({"context": {"sentiment_intensity": 1.2}}, "context.sentiment_intensity"),
        ({"context": {"power_concentration": "high"}}, "context.power_concentration"),
    ],
)
def test_wrong_option_is_named(values, field):
    with pytest.raises(ValidationError) as caught:
        Options.model_validate(values)
    assert ".".join(map(str, caught.value.errors()[0]["loc"])) == field
