"""Which releases there are, what a rollback deploys, and what it says of it."""

from unittest.mock import Mock

import pytest
import yaml

from kaldra.cli import releases, rollback
from kaldra.cli.pulumi import Deployment, Pulumi
from kaldra.errors import ConfigurationError, KaldraError


def entry(images="", kind="update", *, result="succeeded", commit="", **settings):
    """An operation; `images` are the first letters of the digests of api and core."""
    config = {
        f"kaldra:{key}": {"value" if isinstance(value, str) else "objectValue": value}
        for key, value in settings.items()
    }
    return {
        "images": images,
        "kind": kind,
        "result": result,
        "endTime": "2026-11-22T21:58:00.000Z",
        "environment": {"git.head": commit} if commit else {},
        "config": {**config, "kaldra:apiKeys": {"secret": True}},
    }


def updates(*entries):
    """Releases of a stack with these operations, one after the other, as Pulumi tells of them."""
    history, images = [], {}
    for each in entries:
        history.insert(0, {"message": releases.message(images), **each})
        if each["images"] and each["result"] == "succeeded":
            pairs = zip(("api", "core"), each["images"], strict=True)
            images = {name: f"r/{name}@sha256:{x * 64}" for name, x in pairs}
    outputs = {f"{name}Image": image for name, image in images.items()}
    pulumi = Mock(spec=Pulumi, **{"read.return_value": history})
    stack = {"type": "pulumi:pulumi:Stack", "outputs": outputs}
    return releases.updates(Deployment(pulumi, [stack]))


def test_a_release_is_its_images_its_settings_and_its_commit():
    (found,) = updates(entry("ab", commit="8a606674eb73", logLevel="DEBUG"))
    assert found.digests == {"api": f"sha256:{'a' * 64}", "core": f"sha256:{'b' * 64}"}
    assert found.settings == {"kaldra:logLevel": "DEBUG"}
    assert found.title == "1 (2026-11-22 21:58 UTC, 8a60667)"


AB, AC, AD = entry("ab"), entry("ac"), entry("ad")


@pytest.mark.parametrize(
    ("entries", "working", "previous"),
    [
        ([], [], None),
        # The last one that differs.
        ([AB, AC, entry(kind="refresh"), AC], [4, 1], 1),
        # A changed setting alone makes a release; the way to the cluster makes none.
        ([entry("ab", logLevel="INFO"), entry("ab", logLevel="DEBUG")], [2, 1], 1),
        ([entry("ab", apiPort="8000"), entry("ab", apiPort="8001")], [2], None),
        # After a failure the last one that worked.
        ([AB, AC, entry("ad", result="failed")], [2, 1], 2),
        # A rollback of a rollback goes forward again.
        ([AB, AC, entry("ab", imageDigests={"api": "a", "core": "b"})], [3, 2, 1], 2),
        # What was deployed before a removal is gone.
        ([AB, entry(kind="destroy"), AC], [3], None),
        # What plain pulumi replaced is not known.
        ([AB, {**AC, "message": "typed as pulumi up"}, AD], [3, 2], 2),
    ],
)
def test_the_previous_release_is_the_last_one_that_worked_and_differs(entries, working, previous):
    found = updates(*entries)
    assert [release.number for release in releases.working(found)] == working
    if previous:
        assert rollback._chosen("try", found, None).number == previous
    else:
        with pytest.raises(KaldraError, match="no earlier release"):
            rollback._chosen("try", found, None)


def test_an_update_tells_what_it_replaces():
    images = {"core": "r/core@sha256:3", "api": "r/api@sha256:3"}
    told = releases.message(images, "Rollback to release 2")
    assert told == "Rollback to release 2\nReplaces api=r/api@sha256:3 core=r/core@sha256:3"


def test_any_release_that_worked_may_be_named():
    found = updates(AB, entry("cd", result="failed"))
    assert rollback._chosen("try", found, 1).number == 1
    with pytest.raises(ConfigurationError, match="no release 2 that worked; it has: 1"):
        rollback._chosen("try", found, 2)


def test_the_settings_and_images_of_then_with_the_cluster_and_secrets_of_now(tmp_path, monkeypatch):
    monkeypatch.setattr(rollback, "REPO", tmp_path)
    hidden = {"secure": "v1:cipher"}
    registry = {"address": "moved/here", "push": {"username": "robot", "password": hidden}}
    kept = {"kaldra:apiPort": 8010, "kaldra:apiKeys": {"ana": hidden}}
    config = {**kept, "kaldra:logLevel": "DEBUG", "kaldra:registry": registry}
    now = {"encryptionsalt": "s", "config": config}
    (tmp_path / "Pulumi.try.yaml").write_text(yaml.safe_dump(now))
    (release,) = updates(entry("ab", target="dev", apiPort="8000", logLevel="INFO"))
    assert yaml.safe_load(rollback._stack_file("try", release)) == {
        "encryptionsalt": "s",
        "config": {
            **kept,
            "kaldra:target": "dev",
            "kaldra:logLevel": "INFO",
            "kaldra:imageDigests": release.digests,
            # The one that holds the release.
            "kaldra:registry": {**registry, "address": "r"},
        },
    }


def test_what_goes_back_is_told():
    last, before = updates(
        entry("ab", logLevel="INFO", environment="a"),
        entry("cb", logLevel="DEBUG", gateway={"corsOrigins": ["x"]}),
    )
    assert [*rollback._told(last, before)][1:-1] == [
        "  api: sha256:cccccccccccc → sha256:aaaaaaaaaaaa",
        "  environment: not set → a",
        "  gateway.corsOrigins: ['x'] → not set",
        "  logLevel: DEBUG → INFO",
    ]


@pytest.mark.parametrize(
    ("answer", "held"), [({"Descriptor": {"digest": "sha256:aa"}}, True), (None, False)]
)
def test_the_dev_registry_of_now_is_asked_for_an_image(docker, answer, held):
    docker.answers["GET /distribution/localhost:5009/kaldra-api@sha256:aa/json"] = answer
    assert rollback._in_registry(5009, "localhost:5001/kaldra-api@sha256:aa") is held


def test_a_registry_that_does_not_answer_is_named(docker):
    image = "localhost:5009/kaldra-api@sha256:aa"
    docker.answers[f"GET /distribution/{image}/json"] = (500, {"message": "connection refused"})
    with pytest.raises(KaldraError, match="whether the registry at localhost:5009 has"):
        rollback._in_registry(5009, "localhost:5001/kaldra-api@sha256:aa")
