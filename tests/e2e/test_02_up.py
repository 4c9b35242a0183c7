"""From nothing to /status/, the same command again, and changes, of which little travels."""

from tests.e2e.clone import Clone, changes, eventually
from tests.e2e.docker import docker

MOST_BYTES = 200_000
ONLINE = '{"status":"KALDRA API Gateway online","version":"0.1.0"}'


def test_up_goes_from_nothing_to_status(clone: Clone):
    said = clone.up()
    assert clone.get("/status/") == (200, ONLINE)
    assert f"http://127.0.0.1:{clone.api_port}/status/ → {ONLINE}" in said


def test_up_again_builds_pushes_and_changes_nothing(platform: Clone):
    before = what_runs(platform)
    assert set(changes(platform.up())) == {"unchanged"}
    assert what_runs(platform) == before


def test_plain_pulumi_finds_nothing_to_do_and_changes_no_file(platform: Clone):
    file = platform.root / platform.stack_file
    before = file.read_text()
    platform.shell("pulumi preview --expect-no-changes --non-interactive")
    platform.shell("pulumi refresh --expect-no-changes --skip-preview --yes --non-interactive")
    assert file.read_text() == before


def test_the_stack_tells_its_address_and_digests(platform: Clone):
    said = platform.shell("pulumi stack output --show-secrets=false")
    assert f"http://127.0.0.1:{platform.api_port}" in said
    for service, image in platform.images().items():
        assert f"localhost:{platform.registry_port}/{service}@sha256:" in image
        assert image in said


def test_a_changed_line_is_served_after_up(platform: Clone):
    before, core = platform.layers("api"), pod_ids(platform, "kaldra-core")
    with platform.release("edited"), platform.answering():
        counted = changes(platform.up())
        platform.await_version("0.1.0+edited")
        pushed = platform.layers("api").items() - before.items()
        assert 0 < sum(size for _, size in pushed) <= MOST_BYTES
        assert counted.keys() == {"unchanged", "updated"}
        assert pod_ids(platform, "kaldra-core") == core


def test_a_changed_setting_rolls_the_deployments_forward(platform: Clone):
    before = platform.objects("deployments")
    with platform.configured("logLevel: DEBUG"), platform.answering():
        platform.shell("pulumi up --yes --skip-preview --non-interactive")
        for name, deployment in platform.objects("deployments").items():
            assert deployment["metadata"]["uid"] == before[name]["metadata"]["uid"]
            asked = ("exec", f"deployment/{name}", "--", "printenv", "KALDRA_LOG_LEVEL")
            eventually(lambda: platform.kubectl(*asked).strip() == "DEBUG", name, 20)  # noqa: B023


def test_a_file_that_no_image_holds_changes_nothing(platform: Clone):
    with platform.edited("pyproject.toml", "[project]\n", "# a note\n[project]\n"):
        platform.kaldra("preview", "--expect-no-changes")
    platform.settled = True


def what_runs(clone: Clone) -> dict[str, str]:
    """Identity of every image, pod and object."""
    images = f"localhost:{clone.registry_port}/kaldra-*"
    listed = docker("image", "ls", "--no-trunc", "--quiet", images).split()
    found = {"images": " ".join(sorted(listed))}
    for kind in ("pods", "deployments", "services", "configmaps", "secrets"):
        for name, item in clone.objects(kind).items():
            metadata = item["metadata"]
            found[f"{kind}/{name}"] = f"{metadata['uid']} {metadata.get('generation')}"
    return found


def pod_ids(clone: Clone, service: str) -> set[str]:
    pods = clone.objects("pods").items()
    return {pod["metadata"]["uid"] for name, pod in pods if name.startswith(service)}
