"""What a staging stack declares beyond a dev one."""

import base64
import json

import pytest

from tests.platform.stack.program import SECRET, declare, declare_staging, one

WORKLOADS = ["kaldra-core", "kaldra-api"]
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"


def spec(declared, kind, name):
    return one(declared, f"kubernetes:{kind}", name)["spec"]


def template(declared, name):
    return one(declared, DEPLOYMENT, name)["spec"]["template"]


def environment(declared, name):
    return one(declared, "kubernetes:core/v1:ConfigMap", f"{name}-env")["data"]


@pytest.fixture
def declared():
    return declare_staging()


def test_it_talks_to_the_named_context_alone(monkeypatch):
    # The plugin merges the files itself; the SDK would pass on the list as the name of one.
    monkeypatch.setenv("KUBECONFIG", "/one:/two")
    provider = one(declare_staging(), "pulumi:providers:kubernetes", "cluster")
    assert provider["context"] == "far"
    assert provider["kubeconfig"] == ""
    only = declare_staging(kubeContext=None, kubeconfig="far.kubeconfig")
    provider = one(only, "pulumi:providers:kubernetes", "cluster")
    assert "context" not in provider
    assert provider["kubeconfig"].endswith("/far.kubeconfig")


def test_images_that_exist_are_deployed_without_being_built():
    digests = {"core": "sha256:" + "1" * 64, "api": "sha256:" + "2" * 64}
    declared = declare_staging(imageDigests=digests, registry={"push": None})
    assert not [d for d in declared if d.type.startswith("docker:")]
    container = template(declared, "kaldra-api")["spec"]["containers"][0]
    assert container["image"] == f"ghcr.io/4iam/kaldra/kaldra-api@{digests['api']}"


def test_the_registrys_passwords_are_secret_wherever_they_go(declared):
    pushes = one(declared, "docker:index/image:Image", "kaldra-api")["registry"]
    assert SECRET in pushes
    assert pushes["value"]["server"] == "ghcr.io"
    pulls = one(declared, "kubernetes:core/v1:Secret", "kaldra-registry")
    assert SECRET in pulls["stringData"]
    account = json.loads(pulls["stringData"]["value"][".dockerconfigjson"])["auths"]["ghcr.io"]
    assert base64.b64decode(account["auth"]) == b"puller:pW-of-the-puller"
    assert pulls["type"] == "kubernetes.io/dockerconfigjson"
    for password, count in [("pW-of-the-pusher", 2), ("pW-of-the-puller", 1)]:
        assert sum(password in repr(d.inputs) for d in declared) == count


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_pod_outlives_the_shutdown_of_its_service(declared, name):
    from serving.settings import ServiceSettings  # noqa: PLC0415  the services' own defaults

    fields = ServiceSettings.model_fields
    grace = template(declared, name)["spec"]["terminationGracePeriodSeconds"]
    assert fields["drain_seconds"].default < fields["shutdown_seconds"].default < grace


def test_a_certificate_may_be_asked_of_cert_manager():
    declared = declare_staging(
        ingress={"tlsSecret": None, "issuer": "letsencrypt", "annotations": {"a/b": "8m"}}
    )
    ingress = one(declared, INGRESS, "kaldra-api")
    annotations = ingress["metadata"]["annotations"]
    assert annotations["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert annotations["a/b"] == "8m"
    assert ingress["spec"]["tls"][0]["secretName"] == "kaldra-api-tls"


def test_the_ingress_has_the_limits_of_the_gateway_unless_the_stack_says_otherwise():
    from app.settings import Settings  # noqa: PLC0415  the gateway's own defaults

    fields = Settings.model_fields
    nginx = "nginx.ingress.kubernetes.io"

    def annotations(**settings):
        declared = declare_staging(**settings)
        return one(declared, INGRESS, "kaldra-api")["metadata"]["annotations"]

    own = annotations()
    assert own[f"{nginx}/proxy-body-size"] == f"{fields['max_batch_bytes'].default >> 20}m"
    assert int(own[f"{nginx}/proxy-read-timeout"]) > fields["core_timeout"].default
    assert int(annotations(gateway={"coreTimeoutSeconds": 60})[f"{nginx}/proxy-read-timeout"]) > 60
    given = annotations(ingress={"annotations": {f"{nginx}/proxy-body-size": "1m"}})
    assert given[f"{nginx}/proxy-body-size"] == "1m"


def namespaces(rule):
    peers = rule.get("from") or rule.get("to")
    return [
        peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
        for peer in peers
    ]


def test_exactly_the_flows_that_exist_are_allowed(declared):
    deny = one(declared, POLICY, "default-deny")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    core = one(declared, POLICY, "kaldra-core")["spec"]
    from_api, scraped = core["ingress"]
    api_pods = {"matchLabels": {"app.kubernetes.io/name": "kaldra-api"}}
    assert from_api["from"] == [{"podSelector": api_pods}]
    assert namespaces(scraped) == ["monitoring"]
    assert "egress" not in core
    api = one(declared, POLICY, "kaldra-api")["spec"]
    assert [namespaces(rule) for rule in api["ingress"]] == [["ingress-nginx"], ["monitoring"]]
    to_core, dns = api["egress"]
    assert to_core["ports"] == [{"port": 9000, "protocol": "TCP"}]
    assert {port["port"] for port in dns["ports"]} == {53}


IN_TRACING = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "tracing"}}}


@pytest.mark.parametrize(
    ("url", "peer", "port"),
    [
        ("http://collector.tracing.svc:4318", IN_TRACING, 4318),
        ("https://192.0.2.7/otlp", {"ipBlock": {"cidr": "192.0.2.7/32"}}, 443),
        ("http://[2001:db8::7]:4318", {"ipBlock": {"cidr": "2001:db8::7/128"}}, 4318),
    ],
)
def test_spans_leave_to_one_destination(declared, url, peer, port):
    traced = declare_staging(otlpEndpoint=url, traceSamplingRatio=0.25)
    rule = {"to": [peer], "ports": [{"port": port, "protocol": "TCP"}]}
    to_core, dns = one(declared, POLICY, "kaldra-api")["spec"]["egress"]
    assert one(traced, POLICY, "kaldra-api")["spec"]["egress"] == [to_core, rule, dns]
    names = [dns] if peer is IN_TRACING else []
    assert one(traced, POLICY, "kaldra-core")["spec"]["egress"] == [rule, *names]
    for name in WORKLOADS:
        data = environment(traced, name)
        assert data["KALDRA_OTLP_ENDPOINT"] == url
        assert data["KALDRA_TRACE_SAMPLING_RATIO"] == "0.25"


def test_spans_are_logged_on_dev_unless_the_stack_says_otherwise():
    def logged(declared):
        return environment(declared, "kaldra-core").get("KALDRA_LOG_SPANS")

    assert logged(declare()) == "on"
    assert logged(declare(logSpans=False)) is None
    assert logged(declare_staging()) is None
    assert logged(declare_staging(logSpans=True)) == "on"


def test_an_ingress_controller_outside_the_pod_network_is_let_in_by_its_address():
    declared = declare_staging(ingress={"networks": ["10.1.0.0/16"]})
    source = one(declared, POLICY, "kaldra-api")["spec"]["ingress"][0]["from"]
    assert source == [{"ipBlock": {"cidr": "10.1.0.0/16"}}]


def test_on_dev_the_gateways_port_is_open_and_the_core_is_not():
    declared = declare()
    assert one(declared, POLICY, "kaldra-api")["spec"]["ingress"] == [
        {"ports": [{"port": 8000, "protocol": "TCP"}]}
    ]
    assert len(one(declared, POLICY, "kaldra-core")["spec"]["ingress"]) == 1


@pytest.mark.parametrize(("name", "port"), [("kaldra-core", "9001"), ("kaldra-api", "8001")])
def test_prometheus_finds_the_pods_by_annotation(declared, name, port):
    assert template(declared, name)["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": port,
        "prometheus.io/path": "/metrics",
    }


def test_or_by_a_service_monitor_or_not_at_all():
    monitored = declare_staging(metrics="serviceMonitor")
    monitor = spec(monitored, "monitoring.coreos.com/v1:ServiceMonitor", "kaldra")
    assert monitor["endpoints"] == [{"port": "metrics", "path": "/metrics"}]
    assert "annotations" not in template(monitored, "kaldra-api")["metadata"]
    alerts = spec(monitored, "monitoring.coreos.com/v1:PrometheusRule", "alerts")
    assert len(alerts["groups"][0]["rules"]) == 6
    dashboard = one(monitored, "kubernetes:core/v1:ConfigMap", "dashboard")
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    unseen = declare_staging(metrics="off")
    assert "annotations" not in template(unseen, "kaldra-api")["metadata"]
    assert len(one(unseen, POLICY, "kaldra-core")["spec"]["ingress"]) == 1


def test_the_quota_has_room_for_replacing_the_largest_number_of_pods(declared):
    hard = spec(declared, "core/v1:ResourceQuota", "kaldra")["hard"]
    assert hard["pods"] == str(2 * (2 * 6 + 1))
    assert hard["limits.cpu"] == "26000m"
    assert hard["services.nodeports"] == "0"
    small = declare_staging(quota={"pods": 3, "cpu": 4000})
    hard = spec(small, "core/v1:ResourceQuota", "kaldra")["hard"]
    assert (hard["pods"], hard["limits.cpu"]) == ("3", "4000m")
    (limits,) = spec(declared, "core/v1:LimitRange", "kaldra")["limits"]
    assert set(limits["default"]) == {"cpu", "memory", "ephemeral-storage"}


def test_each_service_has_the_resources_of_its_settings():
    declared = declare_staging(
        services={"core": {"resources": {"cpuLimit": 2000, "memoryLimit": 1024}}}
    )
    core, api = (template(declared, n)["spec"]["containers"][0]["resources"] for n in WORKLOADS)
    assert core["limits"]["cpu"] == "2000m"
    assert core["limits"]["memory"] == "1024Mi"
    assert core["requests"]["memory"] == "128Mi"
    assert api["limits"]["memory"] == "256Mi"


def test_the_gateway_is_told_what_the_stack_names_and_nothing_else(declared):
    named = {
        "KALDRA_CORS_ORIGINS": "https://4iam.ai,https://x.example.org",
        "KALDRA_ALLOWED_HOSTS": "api.example.org,127.0.0.1",
        "KALDRA_TRUSTED_PROXIES": "10.244.0.0/16,10.0.0.7/32",
        "KALDRA_RATE_LIMIT": "0",
        "CORE_TIMEOUT_SECONDS": "5",
    }
    silent = environment(declared, "kaldra-api")
    assert silent["ENV"] == "staging"
    assert not named.keys() & silent.keys()
    gateway = {
        "corsOrigins": ["https://4iam.ai", "https://x.example.org"],
        "allowedHosts": ["api.example.org"],
        "trustedProxies": ["10.244.0.0/16", "10.0.0.7"],
        "rateLimit": 0,
        "coreTimeoutSeconds": 5,
    }
    told = declare_staging(gateway=gateway)
    assert environment(told, "kaldra-api") == {**silent, **named}
    assert not named.keys() & environment(told, "kaldra-core").keys()


def test_the_autoscaler_has_the_target_and_the_bounds_of_the_stack():
    bounds = {"core": {"replicas": 3, "maxReplicas": 4}}
    declared = declare_staging(autoscaling={"targetCpuUtilization": 60}, services=bounds)
    scaler = spec(declared, "autoscaling/v2:HorizontalPodAutoscaler", "kaldra-core")
    assert scaler["metrics"][0]["resource"]["target"]["averageUtilization"] == 60
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 4)
