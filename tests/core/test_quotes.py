import pytest

THREAT = "I will kill you"


@pytest.mark.parametrize(
    "text",
    [
        f'He told me "{THREAT}" and left.',
        f"“{THREAT}”, the suspect said to the officer.",
        '"You are a worthless idiot," she wrote to the reporter.',
        'Ele disse: "vou te matar".',
        "“Vou te matar”, gritou o suspeito.",
    ],
)
def test_insults_and_threats_of_others_are_not_the_speakers(kernel, text):
    result = kernel.safeguard(text)
    assert (result["flags"], result["spans"]) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        f"{THREAT}.",
        f'"{THREAT}"',
        f'I told him "{THREAT}".',
        f'He said "hello", but {THREAT}.',
        'Eu disse: "vou te matar".',
    ],
)
def test_what_the_speaker_says_counts(kernel, text):
    assert kernel.safeguard(text)["flags"] == ["high_toxicity"]


def test_what_is_quoted_is_read_otherwise(kernel):
    text = 'The president said "we want peace and a treaty" to the press.'
    assert kernel.signal(text)["evidence"] == kernel.signal(text.replace('"', ""))["evidence"]
