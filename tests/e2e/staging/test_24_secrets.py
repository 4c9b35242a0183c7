"""Values of secrets are where they are needed, and nowhere else: not even in a verbose log."""

import base64

import pytest

from tests.e2e import traces
from tests.e2e.staging.registry import ACCOUNTS
from tests.e2e.staging.stage import CALLER, KEY, Stage

OTHER_KEY = KEY[::-1]
SECRET = {"API key": KEY, **ACCOUNTS}
LOOKING = f"""
pulumi preview --diff --non-interactive {traces.ENGINE_LOG}
pulumi refresh --preview-only --non-interactive {traces.ENGINE_LOG}
pulumi destroy --preview-only --non-interactive {traces.ENGINE_LOG}
"""


def told(content: bytes) -> list[str]:
    """Names of the secrets that a content gives away."""
    return traces.told(content, {**SECRET, "other API key": OTHER_KEY})


@pytest.mark.parametrize("name", SECRET)
def test_a_secret_is_found_where_it_is(name: str):
    value = SECRET[name]
    for around in ("", "a", "ab", "user:"):
        whole = f"{around}{value}{around}".encode()
        assert told(whole) == [name]
        assert told(base64.b64encode(whole)) == [name]
        assert told(base64.urlsafe_b64encode(whole)) == [name]


def test_in_nothing_that_is_kept_said_or_run(stage: Stage):
    assert stage.transcript
    found = {place: told(content) for place, content in traces.places(stage)}
    assert str(stage.checkpoint.relative_to(stage.state)) in found
    giving_away = {place: names for place, names in found.items() if names}
    assert giving_away == {"inside of kaldra-api": ["API key"]}


def test_in_no_preview_of_a_change_and_no_log_of_the_engine(stage: Stage):
    with stage.different_secret(f"apiKeys.{CALLER}", OTHER_KEY):
        previewed = stage.shell("pulumi preview --diff --non-interactive")
        said = stage.shell(LOOKING)
    stage.settled = True
    assert "kaldra-api-api-keys" in previewed
    for verb in ("Update", "Refresh", "Destroy"):
        assert f"*** Starting {verb}(" in said
    assert told((previewed + said).encode()) == []


def test_in_no_rendered_file(stage: Stage):
    stage.kaldra("render", "--out", "rendered-for-secrets")
    folder = stage.root / "rendered-for-secrets"
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert any("secret" in file.name for file in files)
    assert [file.name for file in files if told(file.read_bytes())] == []


def test_in_the_cluster_only_in_secrets_of_their_own(stage: Stage):
    names = {n for n, o in stage.objects("secrets").items() if told(str(o["data"]).encode())}
    assert {name.rpartition("-")[0] for name in names} == {"kaldra-registry", "kaldra-api-api-keys"}
