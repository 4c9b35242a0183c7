"""docs/how-to/add-a-service.md, followed to the letter in a copy of the repository."""

import re
import subprocess
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.e2e.clone import LOCAL_STACK, Clone, new_clone
from tests.e2e.docker import inspected

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-service.md"
SERVICES = "platform/kaldra/stack/services.py"
NAMESPACE = "kaldra-third"


@pytest.fixture(scope="module")
def third(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    clone = new_clone(tmp_path_factory.mktemp("third"))
    added = followed(clone.root)
    assert len(added) <= 6
    stack = clone.root / f"Pulumi.{LOCAL_STACK}.yaml"
    stack.write_text(re.sub(r"(namespace: ).*", rf'\1"{NAMESPACE}"', stack.read_text()))
    yield clone.local
    clone.local.kaldra("down")


def followed(root: Path) -> list[str]:
    """Do what the page says; returns the files that it adds or changes by hand."""
    text = PAGE.read_text()
    new = dict(re.findall(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    for path, content in new.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(content)
    (described,) = re.findall(r"^```python\n(WORKER = .*?)^```", text, re.MULTILINE | re.DOTALL)
    file = root / SERVICES
    before = file.read_text()
    assert "\nSERVICES = (CORE, API)\n" in before
    file.write_text(before.replace("SERVICES = (CORE, API)\n", described))
    (target,) = re.findall(r"^```dockerfile\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    with (root / "platform" / "images" / "Dockerfile").open("a") as dockerfile:
        dockerfile.write(f"\n{target}")
    (link,) = re.findall(r"^ln .*$", text, re.MULTILINE)
    subprocess.run(link.split(), cwd=root, check=True)
    return [*new, SERVICES, "platform/images/Dockerfile"]


def test_its_objects_are_rendered(third: Clone):
    out = third.root.parent / "rendered"
    third.run("./kaldra", "render", "--stack", "staging", "--out", str(out))
    kinds = {file.name for file in out.rglob("*worker*.yaml")}
    assert {"deployment-kaldra-worker.yaml", "service-kaldra-worker.yaml"} <= kinds
    policy = (out / "networkpolicy-kaldra-api.yaml").read_text()
    assert "9100" in policy


def test_it_runs_on_docker(third: Clone):
    said = third.kaldra("preview")
    assert "kaldra-worker" in said
    third.kaldra("up")
    assert third.get("/status/")[0] == HTTPStatus.OK
    assert "kaldra-third-worker  1/1 ready" in third.kaldra("status")
    assert inspected(f"{NAMESPACE}-worker")["State"]["Health"]["Status"] == "healthy"


def test_a_setting_of_it_is_known(third: Clone):
    with third.configured("services: {worker: {replicas: many}}"):
        said = third.kaldra("preview", code=2)
    assert "kaldra:services.worker.replicas" in said
