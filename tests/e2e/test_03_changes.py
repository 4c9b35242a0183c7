"""Changes reach what runs: as little as possible travels, and no request is lost."""

from tests.e2e.clone import Clone, changes, eventually

MOST_BYTES = 200_000


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


def pod_ids(clone: Clone, service: str) -> set[str]:
    pods = clone.objects("pods").items()
    return {pod["metadata"]["uid"] for name, pod in pods if name.startswith(service)}
