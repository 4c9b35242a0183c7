import pytest

from tests.platform.stack.program import SECRET, declare, one


@pytest.fixture
def declared():
    return declare()


def test_every_kubernetes_object_is_bound_to_the_one_explicit_provider(declared):
    provider = one(declared, "pulumi:providers:kubernetes", "cluster")
    assert provider["context"] == "kind-kaldra-dev"
    assert provider["kubeconfig"].endswith("/kubeconfig")
    objects = [d for d in declared if d.type.startswith("kubernetes:")]
    assert {d.provider.rpartition("::")[0].rpartition("::")[2] for d in objects} == {"cluster"}


def test_the_services_get_the_environment_of_the_stack():
    declared = declare(logLevel="DEBUG", environment="try")
    config = "kubernetes:core/v1:ConfigMap"
    assert one(declared, config, "kaldra-core-env")["data"] == {
        "ENV": "try",
        "KALDRA_LOG_LEVEL": "DEBUG",
        "KALDRA_LOG_SPANS": "on",
    }
    api = one(declared, config, "kaldra-api-env")["data"]
    assert api["CORE_SERVICE_URL"] == "http://kaldra-core:9000"
    assert api["API_PORT"] == "8000"


def test_keys_are_secret_in_the_one_place_they_are_declared():
    canary = "canary-5f1d2c-0123"
    declared = declare(apiKeys={"tester": canary})
    holders = [d for d in declared if canary in repr(d.inputs)]
    assert [(d.type, d.name) for d in holders] == [
        ("kubernetes:core/v1:Secret", "kaldra-api-api-keys")
    ]
    assert SECRET in holders[0].inputs["stringData"]


def test_only_the_gateway_is_reachable_from_outside(declared):
    service = "kubernetes:core/v1:Service"
    assert one(declared, service, "kaldra-core")["spec"]["type"] == "ClusterIP"
    api = one(declared, service, "kaldra-api")["spec"]
    assert api["type"] == "NodePort"
    assert api["ports"][0]["nodePort"] == 30080


def test_names_and_ports_follow_the_settings():
    declared = declare(clusterName="other", registryPort=5055, namespace="elsewhere")
    assert one(declared, "pulumi:providers:kubernetes", "cluster")["context"] == "kind-other"
    image = one(declared, "docker:index/image:Image", "kaldra-api")
    assert image["imageName"] == "localhost:5055/kaldra-api:dev"
    namespaced = [d for d in declared if d.inputs.get("metadata", {}).get("namespace")]
    assert {d.inputs["metadata"]["namespace"] for d in namespaced} == {"elsewhere"}
