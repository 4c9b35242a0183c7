import base64

import pytest
import yaml

from kaldra.cluster.kubeconfig import ApiServer, api_server, forget


def kubeconfig(*names: str, current: str = "") -> str:
    """A file as kind writes it."""
    authority = base64.b64encode(b"PEM of all").decode()
    server = "https://127.0.0.1:64443"
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "clusters": [
                {"cluster": {"certificate-authority-data": authority, "server": server}, "name": n}
                for n in names
            ],
            "contexts": [{"context": {"cluster": n, "user": n}, "name": n} for n in names],
            "current-context": current or names[0],
            "kind": "Config",
            "users": [{"name": n, "user": {"client-key-data": "a2V5"}} for n in names],
        }
    )


def test_the_clusters_api_server_is_read(spec):
    spec.kubeconfig.write_text(kubeconfig("kind-other", "kind-demo"))
    assert api_server(spec) == ApiServer("https://127.0.0.1:64443", "PEM of all")


@pytest.mark.parametrize("text", [None, "", kubeconfig("kind-other")])
def test_a_cluster_that_is_not_in_the_file_has_no_api_server(spec, text):
    if text is not None:
        spec.kubeconfig.write_text(text)
    assert api_server(spec) is None


def test_forgetting_the_only_cluster_takes_the_file_and_a_dead_lock_away(spec):
    spec.kubeconfig.write_text(kubeconfig("kind-demo"))
    lock = spec.kubeconfig.with_name("kubeconfig.lock")
    lock.touch()
    forget(spec)
    assert not spec.kubeconfig.exists()
    assert not lock.exists()


def test_forgetting_leaves_other_clusters(spec):
    spec.kubeconfig.write_text(kubeconfig("kind-demo", "production", current="production"))
    forget(spec)
    left = yaml.safe_load(spec.kubeconfig.read_text())
    assert left["current-context"] == "production"
    for kind in ("clusters", "contexts", "users"):
        assert [entry["name"] for entry in left[kind]] == ["production"]
