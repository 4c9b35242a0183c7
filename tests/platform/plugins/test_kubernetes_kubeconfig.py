import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kaldra.errors import ConfigurationError
from kaldra.plugins.host import Host, Severity
from kaldra.plugins.kubernetes import kubeconfig, settings
from kaldra.plugins.kubernetes.kubeconfig import User
from kaldra.plugins.kubernetes.provider import KubernetesProvider
from kaldra.plugins.kubernetes.transport import Transport
from tests.platform.plugins.conftest import RecordingHost
from tests.platform.plugins.conftest import kubeconfig as contents
from tests.platform.plugins.engine import CallFailedError, serving, urn

CONFIG = urn("kubernetes:core/v1:ConfigMap", "env")
DEAD = "http://127.0.0.1:1"


def file(path: Path, config: dict[str, Any]) -> str:
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return str(path)


def test_path_text_and_object_say_the_same(tmp_path):
    config = contents("https://one:6443", token="t")
    for given in (file(tmp_path / "config", config), yaml.safe_dump(config), json.dumps(config),
                  config):  # fmt: skip
        access = kubeconfig.load(given)
        assert (access.context, access.cluster.server, access.user.token) == (
            "here",
            "https://one:6443",
            "t",
        )


def test_files_are_found_beside_the_kubeconfig_and_data_is_decoded(tmp_path):
    (tmp_path / "ca.pem").write_bytes(b"authority")
    config = contents("https://one")
    config["clusters"][0]["cluster"]["certificate-authority"] = "ca.pem"
    config["users"][0]["user"] = {
        "client-certificate-data": base64.b64encode(b"certificate").decode(),
        "client-key-data": base64.b64encode(b"key").decode(),
    }
    access = kubeconfig.load(file(tmp_path / "config", config))
    assert access.cluster.authority == b"authority"
    assert (access.user.certificate, access.user.key) == (b"certificate", b"key")


def test_the_ambient_files_are_merged_and_the_first_wins(tmp_path, monkeypatch):
    first, second = contents("https://one"), contents("https://two")
    second["clusters"].append({"name": "d", "cluster": {"server": "https://three"}})
    paths = [file(tmp_path / "a", first), file(tmp_path / "b", second), str(tmp_path / "none")]
    monkeypatch.setenv("KUBECONFIG", ":".join(paths))
    assert kubeconfig.load("").cluster.server == "https://one"
    assert kubeconfig.load("", cluster="d").cluster.server == "https://three"


@pytest.mark.parametrize(
    ("given", "context", "said"),
    [
        ("/no/such/file", "", "/no/such/file does not exist"),
        ("a: [\ntoken: c4nary", "", r"not valid YAML \(line 3\)"),
        ("just text\nhere", "", "holds no mapping"),
        ({"contexts": []}, "", "no current-context"),
        (contents("https://one"), "there", r"no context named 'there' \(it has: here\)"),
    ],
)
def test_what_is_wrong_with_a_kubeconfig_is_said_without_showing_it(given, context, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        kubeconfig.load(given, context=context)
    assert "c4nary" not in str(caught.value)


def test_no_kubeconfig_at_all_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="none does not exist"):
        kubeconfig.load("")


def authorization(user: User) -> dict[str, str]:
    access = kubeconfig.load(contents("https://one"))
    return Transport(kubeconfig.Access("x", access.cluster, user))._authorization()


def test_credentials(tmp_path):
    token = tmp_path / "token"
    token.write_text("from-file\n")
    assert authorization(User(token="t")) == {"Authorization": "Bearer t"}
    assert authorization(User(token_file=str(token))) == {"Authorization": "Bearer from-file"}
    assert authorization(User(username="u", password="p")) == {"Authorization": "Basic dTpw"}
    assert authorization(User()) == {}


def test_a_credential_program_is_asked_and_its_failure_named():
    script = (
        "import os, json\n"
        "json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "print(json.dumps({'status': {'token': os.environ['WHO']}}))\n"
    )
    command = {
        "command": sys.executable,
        "args": ["-c", script],
        "env": [{"name": "WHO", "value": "me"}],
    }
    assert authorization(User(command=command)) == {"Authorization": "Bearer me"}
    broken = {"command": sys.executable, "args": ["-c", "raise SystemExit('not logged in')"]}
    with pytest.raises(ConfigurationError, match="not logged in"):
        authorization(User(command=broken))


def test_a_server_that_is_down_is_no_reason_not_to_preview():
    host = RecordingHost()
    with serving(KubernetesProvider(host)) as engine:
        engine.configure(kubeconfig=contents(DEAD))
        inputs = engine.check(CONFIG, {"metadata": {"name": "a"}})
        assert engine.create(CONFIG, inputs, preview=True) == ("", inputs)
        engine.create(CONFIG, inputs, preview=True)
        (warning,) = host.texts(Severity.WARNING)
        assert f"unreachable: context here, server {DEAD}: Connection refused" in warning
        with pytest.raises(CallFailedError, match="unreachable"):
            engine.create(CONFIG, inputs)


def test_a_cluster_that_is_gone_can_be_forgotten(monkeypatch):
    with serving(KubernetesProvider(Host())) as engine:
        engine.configure(kubeconfig=contents(DEAD))
        inputs = engine.check(CONFIG, {"metadata": {"name": "a"}})
        with pytest.raises(CallFailedError, match="PULUMI_K8S_DELETE_UNREACHABLE=true"):
            engine.read(CONFIG, "default/a", (inputs, inputs))
        monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
        engine.configure(kubeconfig=contents(DEAD))
        assert engine.read(CONFIG, "default/a", (inputs, inputs)) is None
        engine.delete(CONFIG, "default/a", (inputs, inputs))


def test_another_cluster_replaces_everything_on_it_another_file_does_not(tmp_path):
    one = file(tmp_path / "one", contents("https://one"))
    same = file(tmp_path / "same", contents("https://one", token="other"))
    two = file(tmp_path / "two", contents("https://two"))
    for new, replaced in ((same, []), (two, [("kubeconfig",)])):
        found = settings.diff({"kubeconfig": one}, {"kubeconfig": new})
        assert found.changes.keys() == {("kubeconfig",)}
        assert found.replaces == replaced
    kept = {"clusterIdentifier": "mine"}
    assert settings.diff({"kubeconfig": one, **kept}, {"kubeconfig": two, **kept}).replaces == []


def test_a_setting_that_cannot_be_honoured_is_refused():
    checked = settings.check({"renderYamlToDirectory": "out", "enableServerSideApply": "false"})
    assert [f.property for f in checked.failures] == [
        "renderYamlToDirectory",
        "enableServerSideApply",
    ]
