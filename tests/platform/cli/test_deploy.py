"""What is told before anything is built, downloaded or asked."""

from unittest.mock import Mock

import pytest
import yaml

from kaldra.cli import deploy, policy, workspace
from kaldra.errors import ConfigurationError

HIDDEN = {"secure": "v1:cipher"}
ACCOUNT = {"username": "who", "password": HIDDEN}
WHOLE = {
    "target": "staging",
    "environment": "staging",
    "kubeContext": "far",
    "registry": {"address": "registry.example/kaldra", "push": ACCOUNT, "pull": ACCOUNT},
    "ingress": {"host": "kaldra.example", "tlsSecret": "tls"},
    "apiKeys": {"web": HIDDEN},
}
GOES_ON = "the tools would be provided now"


@pytest.fixture(params=["up", "preview"])
def begin(request, tmp_path, monkeypatch, verb):
    """Start the verb on a staging stack with other settings; None leaves one out."""
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    (tmp_path / "Pulumi.yaml").write_text("name: kaldra\n")
    for module in (policy, workspace):
        monkeypatch.setattr(module, "REPO", tmp_path)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "the team's")
    monkeypatch.setattr(deploy, "prepare", Mock(side_effect=ConfigurationError(GOES_ON)))
    # Rendering needs all of the repository.
    monkeypatch.setattr(policy, "manifests", lambda _stack: {})
    monkeypatch.setattr(policy, "inputs", lambda _stack: "")

    def begin(**changed):
        if "registry" in changed:
            changed["registry"] = WHOLE["registry"] | changed["registry"]
        config = {f"kaldra:{k}": v for k, v in {**WHOLE, **changed}.items() if v is not None}
        (tmp_path / "Pulumi.far.yaml").write_text(yaml.safe_dump({"config": config}))
        verb(request.param, "--stack", "far", "--yes", "--quiet")

    return begin


RELEASED = {"core": f"sha256:{'1' * 64}", "api": f"sha256:{'2' * 64}"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"registry": {"pull": None}}, "kaldra:registry.pull.password is missing"),
        ({"registry": {"push": {"username": "who"}}}, "kaldra:registry.push.password is missing"),
        ({"registry": {"push": {"password": HIDDEN}}}, "kaldra:registry.push.username is missing"),
        ({"apiKeys": None}, "kaldra:apiKeys is missing"),
        ({"apiKeys": {"web": "secret-key"}}, "in plain text"),
        ({"apiKeys": '{"web": "secret-key"}'}, "in plain text"),
        ({"logLevl": "DEBUG"}, r"logLevl in Pulumi\.far\.yaml.*kaldra:logLevel"),
        ({}, GOES_ON),
        ({"apiKeys": HIDDEN, "registry": {"pull": HIDDEN}}, GOES_ON),
        ({"registry": {"push": None}, "imageDigests": RELEASED}, GOES_ON),
        ({"target": "dev"}, GOES_ON),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_made(begin, tmp_path, changed, told):
    with pytest.raises(ConfigurationError, match=told):
        begin(**changed)
    assert (tmp_path / "state").exists() is (told == GOES_ON)
