import pytest
import yaml

from app.auth import LONGEST_KEY
from kaldra.cli.reference import meanings_of
from kaldra.errors import ConfigurationError
from kaldra.stack.config_errors import RENAMED
from kaldra.stack.services import KEYS
from kaldra.stack.settings import Settings, _keys, settings_of_stack_file
from tests.platform.stack.program import REPO, STAGING, staging


def refused(values):
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_config(values, "Pulumi.dev.yaml")
    return caught.value


def test_an_unknown_key_is_named_with_its_file_and_the_key_that_was_meant():
    error = refused({"target": "dev", "apiPrt": "8000"})
    assert "kaldra:apiPrt" in str(error)
    assert "Pulumi.dev.yaml" in str(error)
    assert "kaldra:apiPort?" in str(error)
    assert error.hint == "Rename or remove it in Pulumi.dev.yaml."


@pytest.mark.parametrize(
    ("key", "value"),
    [("apiPort", "eight"), ("apiPort", "70000"), ("logLevel", "LOUD"), ("namespace", "Über")],
)
def test_a_wrong_value_is_named_by_key_without_being_shown(key, value):
    error = refused({"target": "dev", key: value})
    assert f"kaldra:{key} in Pulumi.dev.yaml is wrong" in str(error)
    assert error.hint.startswith("Edit Pulumi.dev.yaml: ")


def test_a_missing_target_is_named():
    assert "kaldra:target is missing from Pulumi.dev.yaml" in str(refused({}))


def test_a_caller_with_a_wrong_name_is_told():
    error = refused({"target": "dev", "apiKeys": {"NAME": "k" * 16}})
    assert str(error).startswith(
        "Setting kaldra:apiKeys.NAME in Pulumi.dev.yaml has a wrong name: "
    )
    assert error.hint == "Rename it in Pulumi.dev.yaml."


@pytest.mark.parametrize("key", ["short", "k" * (LONGEST_KEY + 1)])
def test_a_key_that_the_gateway_refuses_is_refused_here(key):
    error = refused({"target": "dev", "apiKeys": {"ci": key}})
    assert "kaldra:apiKeys.ci" in str(error)
    assert f"16 to {LONGEST_KEY} characters" in str(error)
    assert key not in str(error)


@pytest.mark.parametrize("url", ["http://otel.example.org:4318", "http://collector:4318", "x:1"])
def test_a_collector_that_no_network_policy_can_name_is_refused_on_clusters(url):
    error = refused({"target": "dev", "otlpEndpoint": url})
    assert "kaldra:otlpEndpoint in Pulumi.dev.yaml is wrong" in str(error)
    if url != "x:1":
        assert Settings(target="local", otlp_endpoint=url).otlp_endpoint == url


def test_two_uses_of_one_port_are_refused():
    assert "both 5001" in str(refused({"target": "dev", "apiPort": 5001}))


def test_a_secret_never_shows_in_an_error_or_a_representation():
    values = {"target": "dev", "apiKeys": '{"UPPER": "canary"}'}
    assert "canary" not in str(refused(values))
    settings = Settings.from_config({"target": "dev", "apiKeys": '{"a": "canary-0123456789"}'}, "x")
    assert "canary" not in repr(settings)


def test_encrypted_values_are_accepted_unread(tmp_path):
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  kaldra:target: dev\n  kaldra:apiKeys:\n    ci: {secure: v1:cipher}\n"
    )
    assert list(settings_of_stack_file("dev", tmp_path).api_keys) == ["ci"]


def test_every_stack_file_in_the_repository_is_valid():
    names = [p.name.split(".")[1] for p in REPO.glob("Pulumi.*.yaml")]
    assert "dev" in names
    for name in names:
        assert settings_of_stack_file(name, REPO)


def test_pulumi_knows_the_same_defaults_and_descriptions():
    declared = yaml.safe_load((REPO / "Pulumi.yaml").read_text())["config"]
    meanings = meanings_of(Settings)
    fields = {
        field.alias: (field, meanings.get(name)) for name, field in Settings.model_fields.items()
    }
    for key, entry in declared.items():
        field, meaning = fields[key]
        assert entry["description"] == meaning
        assert entry.get("default") == (None if field.is_required() else field.default)


# Staging --------------------------------------------------------------------------------------

FILE = "Pulumi.staging.yaml"
EDIT = f"Edit {FILE}: docs/reference/stack-settings.md describes every setting."
SET = 'eval "$(./kaldra env --stack staging)" && pulumi config set --secret --path'


def refused_on_staging(**changes):
    """The error of a staging stack with some settings changed, or taken away by None."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_config(staging(**changes), FILE)
    return caught.value


def test_a_staging_stack_that_says_everything_is_accepted():
    settings = Settings.from_config(STAGING, FILE)
    assert settings.tag == "v0.1.0"
    assert settings.url == "https://api.example.org"
    assert settings.registry_address == "ghcr.io/4iam/kaldra"
    assert settings.replicas_of("core") == settings.replicas_of("api") == 2


@pytest.mark.parametrize(
    ("without", "named", "hint"),
    [
        ({"kubeContext": None}, "kubeContext", EDIT),
        ({"registry": {"address": None}}, "registry.address", EDIT),
        ({"ingress": {"host": None}}, "ingress.host", EDIT),
        ({"ingress": None}, "ingress.host", EDIT),
        ({"ingress": {"tlsSecret": None}}, "ingress.tlsSecret", EDIT),
        ({"apiKeys": None}, "apiKeys", f"{SET} kaldra:apiKeys.NAME"),
        *(
            (
                {"registry": {account: given}},
                f"registry.{account}.password",
                f"{SET} kaldra:registry.{account}.password",
            )
            for account in ("pull", "push")
            for given in (None, {"username": "half an account"})
        ),
    ],
)
def test_what_staging_lacks_is_named_with_the_way_to_set_it(without, named, hint):
    error = refused_on_staging(**without)
    assert str(error) == f"Setting kaldra:{named} is missing from {FILE}."
    assert error.hint == hint


def test_former_keys_are_named_with_the_present_ones():
    former = {"ingressTlsSecret": "tls", "rateLimit": 5, "coreReplicas": 2, "cpuTarget": 80}
    error = refused_on_staging(registryPull={"username": "a", "password": "canary"}, **former)
    assert str(error) == (
        f"{FILE} has former names of settings: "
        "kaldra:registryPull is now kaldra:registry.pull; "
        "kaldra:ingressTlsSecret is now kaldra:ingress.tlsSecret; "
        "kaldra:rateLimit is now kaldra:gateway.rateLimit; "
        "kaldra:coreReplicas is now kaldra:services.core.replicas; "
        "kaldra:cpuTarget is now kaldra:autoscaling.targetCpuUtilization."
    )
    assert error.hint == f"Rename them in {FILE}."


def test_every_former_key_leads_to_a_setting():
    for present in RENAMED.values():
        group, _, rest = present.partition(".")
        assert present in _keys(Settings) or (group == "services" and rest.split(".")[0] in KEYS)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("imageTag", "dev", "dev is a mutable tag"),
        ("imageTag", "latest", "latest is a mutable tag"),
        ("live", True, "a release runs the code of its images"),
        ("environment", "dev", "a development environment"),
        ("services", {"core": {"replicas": 1}}, "at least 2 pods"),
        ("services", {"api": {"replicas": 1}}, "at least 2 pods"),
        ("services", {"api": {"maxReplicas": 1}}, "below replicas, which is 2"),
        ("ingress.issuer", "letsencrypt", "ingress.tlsSecret is set too"),
        ("registry.address", "kaldra", "use for example ghcr.io/kaldra"),
        ("registry.address", "https://ghcr.io/4iam", "should match pattern"),
        ("gateway.corsOrigins", ["*"], "should match pattern"),
        ("gateway.rateLimit", -1, "greater than or equal to 0"),
        ("gateway.coreTimeoutSeconds", 0, "greater than or equal to 1"),
        ("ingress.networks", ["10.0.0.1/8"], "not a network such as 10.0.0.0/8"),
        ("gateway.trustedProxies", ["10.0.0.1/8"], "not a network such as 10.0.0.0/8"),
        ("gateway.allowedHosts", ["https://api.example.org"], "should match pattern"),
        ("stateBackend", "ftp://somewhere", "should match pattern"),
        (
            "services",
            {"core": {"resources": {"memoryLimit": 64}}},
            "memoryRequest is above memoryLimit",
        ),
        ("services", {"worker": {}}, "unknown service worker; choose from core, api"),
    ],
)
def test_what_staging_must_not_say_is_refused(key, value, reason):
    group, _, inside = key.partition(".")
    error = refused_on_staging(**{group: {inside: value} if inside else value})
    assert f"kaldra:{key}" in str(error)
    assert FILE in str(error)
    assert reason in str(error)


@pytest.mark.parametrize(
    "key", ["changeme-changeme-1", "my-Default-key-123", "k" * 40, "0101010101010101"]
)
def test_a_default_key_or_a_pattern_is_refused_without_being_shown(key):
    error = refused_on_staging(apiKeys={"ci": key})
    assert "kaldra:apiKeys.ci" in str(error)
    assert "openssl rand" in str(error)
    assert key not in str(error)
    assert error.hint == f"Remove it from {FILE}, then: {SET} kaldra:apiKeys.ci"


def test_a_kubeconfig_of_its_own_needs_no_context():
    settings = Settings.from_config(
        {**STAGING, "kubeContext": "", "kubeconfig": "far.kubeconfig"}, FILE
    )
    assert settings.context == ""
    assert settings.kubeconfig_path == str(REPO / "far.kubeconfig")


def test_a_file_is_read_without_its_secrets_but_not_without_the_rest(tmp_path):
    written = yaml.safe_load((REPO / FILE).read_text())
    written["config"].pop("kaldra:apiKeys", None)  # which a team's file has
    (tmp_path / FILE).write_text(yaml.safe_dump(written))
    assert settings_of_stack_file("staging", tmp_path).api_keys
    del written["config"]["kaldra:registry"]
    (tmp_path / FILE).write_text(yaml.safe_dump(written))
    with pytest.raises(ConfigurationError, match=r"kaldra:registry\.address is missing"):
        settings_of_stack_file("staging", tmp_path)


def test_a_secret_that_stands_in_the_file_in_plain_text_is_told(tmp_path):
    written = yaml.safe_load((REPO / FILE).read_text())
    account = {"username": "a", "password": "plain-canary"}
    written["config"]["kaldra:registry"]["pull"] = account
    (tmp_path / FILE).write_text(yaml.safe_dump(written))
    with pytest.raises(ConfigurationError, match=r"pull\.password .* plain text") as caught:
        settings_of_stack_file("staging", tmp_path)
    assert "plain-canary" not in str(caught.value)
    assert "--secret" in caught.value.hint
