import pytest
import yaml

from app.auth import LONGEST_KEY
from kaldra.cli.reference import meanings_of
from kaldra.errors import ConfigurationError
from kaldra.stack.config_errors import RENAMED
from kaldra.stack.services import KEYS
from kaldra.stack.settings import Settings, _keys, settings_of_stack_file
from tests.platform.stack.program import REPO, STAGING, staging

DEV = "Pulumi.dev.yaml"
FILE = "Pulumi.staging.yaml"
EDIT = "Edit {}: docs/reference/stack-settings.md describes every setting."
SET = 'eval "$(./kaldra env --stack {})" && pulumi config set --secret --path kaldra:'


def refused(values, file=DEV):
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_config(values, file)
    return caught.value


@pytest.mark.parametrize(
    ("values", "told", "hint"),
    [
        (
            {"apiPrt": "8000"},
            f"Unknown setting kaldra:apiPrt in {DEV}. Did you mean kaldra:apiPort?",
            f"Rename or remove it in {DEV}.",
        ),
        *(
            ({key: value}, f"Setting kaldra:{key} in {DEV} is wrong: ", EDIT.format(DEV))
            for key, value in (
                ("apiPort", "canary"),
                ("apiPort", "70000"),
                ("logLevel", "canary"),
                ("namespace", "Canary"),
                ("otlpEndpoint", "http://otel.example.org:4318"),
                ("otlpEndpoint", "http://collector:4318"),
                ("otlpEndpoint", "x:1"),
            )
        ),
        ({"target": None}, f"Setting kaldra:target is missing from {DEV}.", EDIT.format(DEV)),
        (
            {"apiKeys": '{"NAME": "canary"}'},
            f"Setting kaldra:apiKeys.NAME in {DEV} has a wrong name: ",
            f"Rename it in {DEV}.",
        ),
        *(
            (
                {"apiKeys": {"ci": key}},
                f"Setting kaldra:apiKeys.ci in {DEV} is wrong: a key has 16 to {LONGEST_KEY} char",
                f"Remove it from {DEV}, then: {SET.format('dev')}apiKeys.ci",
            )
            for key in ("canary", "canary".ljust(LONGEST_KEY + 1, "y"))
        ),
        (
            {"apiPort": 5001},
            f"{DEV}: apiPort and registryPort are both 5001; give each its own port.",
            f"Edit {DEV}.",
        ),
    ],
)
def test_a_mistake_is_named_by_key_and_file_without_the_value(values, told, hint):
    error = refused({k: v for k, v in ({"target": "dev"} | values).items() if v})
    assert str(error).startswith(told)
    assert error.hint == hint
    assert "canary" not in str(error).lower()


def test_a_local_stack_may_send_spans_anywhere():
    url = "http://collector:4318"
    assert Settings(target="local", otlp_endpoint=url).otlp_endpoint == url


def test_a_secret_never_shows_in_a_representation():
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


def refused_on_staging(**changes):
    """The error of a staging stack with some settings changed, or taken away by None."""
    return refused(staging(**changes), FILE)


def test_a_staging_stack_that_says_everything_is_accepted():
    settings = Settings.from_config(STAGING, FILE)
    assert settings.tag == "v0.1.0"
    assert settings.url == "https://api.example.org"
    assert settings.registry_address == "ghcr.io/4iam/kaldra"
    assert settings.replicas_of("core") == settings.replicas_of("api") == 2


@pytest.mark.parametrize(
    ("without", "named", "set_by"),
    [
        ({"kubeContext": None}, "kubeContext", ""),
        ({"registry": {"address": None}}, "registry.address", ""),
        ({"ingress": {"host": None}}, "ingress.host", ""),
        ({"ingress": None}, "ingress.host", ""),
        ({"ingress": {"tlsSecret": None}}, "ingress.tlsSecret", ""),
        ({"apiKeys": None}, "apiKeys", "apiKeys.NAME"),
        *(
            ({"registry": {account: given}}, *[f"registry.{account}.password"] * 2)
            for account in ("pull", "push")
            for given in (None, {"username": "half an account"})
        ),
    ],
)
def test_what_staging_lacks_is_named_with_the_way_to_set_it(without, named, set_by):
    error = refused_on_staging(**without)
    assert str(error) == f"Setting kaldra:{named} is missing from {FILE}."
    assert error.hint == (SET.format("staging") + set_by if set_by else EDIT.format(FILE))


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
    assert str(error).startswith(f"Setting kaldra:{key}")
    assert f" in {FILE} " in str(error)
    assert reason in str(error)


@pytest.mark.parametrize(
    "key", ["changeme-changeme-1", "my-Default-key-123", "k" * 40, "0101010101010101"]
)
def test_a_default_key_or_a_pattern_is_refused_without_being_shown(key):
    error = refused_on_staging(apiKeys={"ci": key})
    assert "kaldra:apiKeys.ci" in str(error)
    assert "openssl rand" in str(error)
    assert key not in str(error)
    assert error.hint == f"Remove it from {FILE}, then: {SET.format('staging')}apiKeys.ci"


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
    with pytest.raises(ConfigurationError, match=r"kaldra:registry\.pull\.password is missing"):
        settings_of_stack_file("staging", tmp_path, complete=True)
    written["config"]["kaldra:registry"] |= {"push": {"secure": "v1"}, "pull": {"secure": "v1"}}
    (tmp_path / FILE).write_text(yaml.safe_dump(written))
    with pytest.raises(ConfigurationError, match=r"kaldra:apiKeys is missing"):
        settings_of_stack_file("staging", tmp_path, complete=True)
    written["config"]["kaldra:apiKeys"] = {"secure": "v1"}
    (tmp_path / FILE).write_text(yaml.safe_dump(written))
    assert settings_of_stack_file("staging", tmp_path, complete=True)
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
