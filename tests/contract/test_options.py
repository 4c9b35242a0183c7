import pytest
from pydantic import ValidationError

from contract.options import Options


def test_equal_options_have_one_canonical_form():
    whole = Options.model_validate({"context": {"institutional_strength": 1}})
    real = Options.model_validate({"context": {"institutional_strength": 1.0}})
    assert whole.canonical() == real.canonical()
    assert Options(steps=2).canonical() != Options().canonical()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"language": None}, "language"),
        ({"steps": True}, "steps"),
        ({"steps": 1.5}, "steps"),
        ({"explain": 1}, "explain"),
        ({"context": {"country": "Brazil"}}, "context.country"),
        ({"context": {"power_concentration": "high"}}, "context.power_concentration"),
    ],
)
def test_wrong_option_is_named(values, field):
    with pytest.raises(ValidationError) as caught:
        Options.model_validate(values)
    assert ".".join(map(str, caught.value.errors()[0]["loc"])) == field
