"""The whole program rendered, as `./kaldra render` does it, and single objects."""

import base64
import os
import shutil

import pytest
import yaml

from kaldra import render
from kaldra.errors import KaldraError
from kaldra.paths import REPO
from kaldra.render import __main__
from tests.processes import ran

CANARY = "canary-5f1d2c-0123-a9k3"


@pytest.fixture(scope="module")
def dev():
    return render.manifests("dev")


@pytest.fixture(scope="module")
def staging():
    return render.manifests("staging")


@pytest.fixture
def checkout(tmp_path):
    """A copy of what is rendered, to be configured by the test."""
    for stack_file in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.staging.yaml"):
        shutil.copy(REPO / stack_file, tmp_path)
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPO / "platform", tmp_path / "platform", ignore=without_caches)
    return tmp_path


def test_images_have_their_tag_and_a_digest_that_stands_for_any(dev):
    for service in ("core", "api"):
        spec = dev[f"deployment-kaldra-{service}.yaml"]["spec"]["template"]["spec"]
        image = f"localhost:5001/kaldra-{service}:dev@{__main__.ZERO_DIGEST}"
        assert [c["image"] for c in spec["containers"]] == [image]


def test_references_are_to_the_names_that_are_rendered(staging):
    pod = staging["deployment-kaldra-api.yaml"]["spec"]["template"]["spec"]
    config = staging["configmap-kaldra-api-env.yaml"]["metadata"]["name"]
    keys = staging["secret-kaldra-api-api-keys.yaml"]["metadata"]["name"]
    assert pod["containers"][0]["envFrom"] == [{"configMapRef": {"name": config}}]
    volumes = [v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v]
    assert volumes == [keys]


def test_no_value_of_a_secret_is_rendered_and_no_passphrase_needed(checkout):
    file = checkout / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text())
    account = {"username": "robot", "password": CANARY}
    keys = {"ana": CANARY, "ben": {"secure": "v1:not-for-us:YWJj"}}
    secret = {"apiKeys": keys, "registry": {"pull": account, "push": account}}
    document["config"].update({f"kaldra:{key}": value for key, value in secret.items()})
    file.write_text(yaml.safe_dump(document))
    rendered = render.manifests("dev", checkout)
    assert CANARY not in repr(rendered)
    found = rendered["secret-kaldra-api-api-keys.yaml"]["stringData"]
    assert found == {"ana": "redacted", "ben": "redacted"}


LAST_WORDS = """
import atexit, sys
atexit.register(lambda: sys.stderr.write("Exception ignored in: the event loop\\n" * 100))
"""
"""An interpreter that ends may write much to standard error."""

TWINS = """
import pulumi_kubernetes
for name in ("a", "b"):
    pulumi_kubernetes.core.v1.ConfigMap(name, metadata={"name": "same"})
"""


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('pulumi.runtime.invoke("kubernetes:yaml:decode", {})', "asks a plugin"),
        (TWINS, r"Two objects would be rendered to configmap-same\.yaml"),
        ("nothing.like_this()", r"failed to render:\n(.*\n)*.*NameError: name 'nothing'"),
    ],
)
def test_a_program_that_cannot_be_rendered_is_told_why(checkout, lines, told):
    program = checkout / "platform/__main__.py"
    program.write_text(f"{program.read_text()}{LAST_WORDS}{lines}\n")
    with pytest.raises(KaldraError, match=told):
        render.manifests("dev", checkout)


def test_a_secret_beside_other_fields_hides_itself_alone(checkout):
    program = checkout / "platform/__main__.py"
    declared = f"""
import pulumi_kubernetes
token = pulumi.Output.secret("{CANARY}")
pulumi_kubernetes.core.v1.ConfigMap("mixed", data={{"open": "yes", "token": token}})
"""
    program.write_text(program.read_text() + declared)
    rendered = render.manifests("dev", checkout)
    assert rendered["configmap-mixed.yaml"]["data"] == {"open": "yes", "token": "redacted"}


def test_every_stack_on_a_cluster_is_rendered():
    assert {"dev", "staging"} <= set(render.kubernetes_stacks())
    assert "local" not in render.kubernetes_stacks()


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs network namespaces")
def test_the_same_bytes_with_no_network_tool_or_state(tmp_path):
    """In a network namespace with nothing in it, with an empty home, and nothing on PATH."""
    first, second = tmp_path / "first", tmp_path / "second"
    nothing = {"HOME": str(tmp_path), "PATH": "/nowhere"}
    command = [REPO / "kaldra", "render", "--stack", "staging", "--out"]
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    unshare = [str(shutil.which("unshare")), "--net", *user]
    for prefix, out in (([], first), (unshare, second)):
        done = ran(*prefix, *command, out, env=nothing)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
    assert {p.name: p.read_bytes() for p in first.iterdir()} == {
        p.name: p.read_bytes() for p in second.iterdir()
    }
    assert [p.name for p in tmp_path.iterdir() if p.name not in {"first", "second"}] == []


MARK = {__main__._SECRET_MARK: __main__._SECRET_SIGNATURE}


def made(kind="core/v1:ConfigMap", **inputs):
    """File name and manifest of the resource `x`."""
    return __main__.manifest(f"kubernetes:{kind}", "x", inputs)


def test_an_automatic_name_follows_the_content_and_the_file_keeps_its_name():
    files, manifests = zip(*(made(data={"LEVEL": level}) for level in "IID"), strict=True)
    first, same, other = (manifest["metadata"]["name"] for manifest in manifests)
    assert first == same != other
    assert first.startswith("x-")
    assert set(files) == {"configmap-x.yaml"}


def test_a_marked_value_is_redacted_and_nothing_beside_it():
    marked = {**MARK, "value": {"token": CANARY, "list": [CANARY, 7]}}
    _, found = made("apps/v1:Deployment", spec={"replicas": 2.0, "given": marked})
    redacted = {"token": __main__.REDACTED, "list": [__main__.REDACTED, __main__.REDACTED]}
    assert found["spec"] == {"replicas": 2, "given": redacted}


def test_a_secret_is_redacted_even_where_nobody_marked_it():
    encoded = base64.b64encode(CANARY.encode()).decode()
    given = {"key": CANARY, ".dockerconfigjson": CANARY}
    _, found = made("core/v1:Secret", stringData=given, data={"other": encoded})
    # The API server reads what a Secret of the type dockerconfigjson holds.
    assert found["stringData"] == {".dockerconfigjson": '{"auths":{}}', "key": "redacted"}
    assert base64.b64decode(found["data"]["other"]) == b"redacted"


def test_fields_come_in_one_order():
    file, found = made(data={"b": "1", "a": "2"}, metadata={"labels": {}, "name": "y"})
    assert file == "configmap-y.yaml"
    assert list(found) == ["apiVersion", "kind", "metadata", "data"]
    assert list(found["metadata"]) == ["name", "labels"]
    assert list(found["data"]) == ["a", "b"]
