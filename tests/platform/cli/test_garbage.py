"""What may go and, above all, what has to stay."""

import pytest

from kaldra.cli import garbage

A, B, C, D = ("sha256:" + letter * 64 for letter in "abcd")
WEEK_AGO = 1000.0


def image(id_=A, *, title="kaldra-api", tags=(), digests=(), created=0, size=10, shared=4):
    return {
        "Id": id_,
        "Labels": {garbage.TITLE_LABEL: title} if title else None,
        "RepoTags": list(tags) or ["<none>:<none>"],
        "RepoDigests": list(digests) or ["<none>@<none>"],
        "Created": created,
        "Size": size,
        "SharedSize": shared,
    }


def names(found):
    return [each.name for each in found]


def images(*listed, needed=()):
    return list(garbage.images(listed, frozenset(needed), WEEK_AGO))


def test_an_untagged_image_of_a_service_goes_by_its_id_or_by_each_name():
    found = images(image(A), image(B, digests=[f"localhost:5001/kaldra-api@{C}", f"x/y@{C}"]))
    assert names(found) == [A, f"localhost:5001/kaldra-api@{C}", f"x/y@{C}"]
    assert [each.size for each in found] == [6, 6, 0]
    assert found[0].title == "sha256:aaaaaaaaaaaa"


MADE_HERE = image(title="", tags=["kaldra/base:1"])


@pytest.mark.parametrize(
    "listed",
    [
        image(tags=["kaldra-api:dev"]),
        image(tags=["localhost:5001/kaldra-api:dev"], digests=[f"localhost:5001/kaldra-api@{C}"]),
        image(title="other"),
        image(title=""),
        image(title="", tags=["someone/kaldra:1"]),
        image(title="", tags=["kaldra/base:1", "mine:1"]),
        image(title="", tags=["kaldra/website:1"]),
        {**MADE_HERE, "RepoDigests": [f"kaldra/base@{C}"]},
        {**MADE_HERE, "Created": 2000},
    ],
)
def test_an_image_that_is_tagged_foreign_or_new_stays(listed):
    assert images(listed) == []


def test_an_image_that_is_needed_stays():
    assert images(image(A), needed=[A]) == []
    assert images(MADE_HERE, needed=["kaldra/base:1"]) == []
    assert names(images(MADE_HERE)) == ["kaldra/base:1"]


def test_states_mention_digests_ids_and_our_own_images():
    text = f'{{"id": "{A}", "args": "BASE_IMAGE=kaldra/base:12ab\\n", "x": "kaldra/other:1"}}'
    assert garbage.mentioned([text, "nothing"]) == {A, "kaldra/base:12ab"}


def entry(id_, description, used_at, *, in_use=False, parent=""):
    return {
        "ID": id_, "Description": description, "LastUsedAt": used_at, "CreatedAt": used_at,
        "InUse": in_use, "Size": 5, "Parent": parent,
    }  # fmt: skip


CHMOD = "mount / from exec /bin/sh -c chmod -R a-w /layer/srv && find /layer"
FINAL = "[api 3/3] COPY --from=api-source /layer /"
COPY = "fileop target"
ENTRIES = [
    entry("base", COPY, "2026-11-01T12:00:00Z"),
    entry("new copy", COPY, "2026-11-29T12:00:00Z", parent="base"),
    entry("new", CHMOD, "2026-11-29T12:00:01Z", parent="new copy"),
    entry("old copy", COPY, "2026-11-28T12:00:00Z", parent="base"),
    entry("old", CHMOD, "2026-11-28T12:00:01Z", parent="old copy"),
    entry("used", CHMOD, "2026-11-27T12:00:00Z", in_use=True),
    entry("final", FINAL, "2026-11-28T12:00:00Z"),
    entry("their copy", COPY, "2026-11-28T12:00:00Z", parent="base"),
    entry("theirs", "[2/2] COPY . /srv", "2026-11-27T12:00:00Z", parent="their copy"),
    entry("never used", FINAL, None),
]


@pytest.mark.parametrize(
    ("everything", "gone"),
    [
        (False, ["old", "old copy", "never used"]),
        (True, ["new", "new copy", "old", "old copy", "final", "never used"]),
    ],
)
def test_of_each_step_the_cache_of_the_last_build_stays_and_all_of_others(everything, gone):
    assert names(garbage.build_cache(ENTRIES, everything=everything)) == gone


def test_stored_images_of_no_kept_release_go_with_what_only_they_use():
    listed = {
        f"kaldra-api@{A}": {"base": 100, "one": 1},
        f"kaldra-api@{B}": {"base": 100, "two": 2},
        f"kaldra-api@{C}": {"base": 100, "two": 2, "three": 3},
    }
    found = garbage.manifests(listed, frozenset({A}))
    assert [(each.name, each.size) for each in found] == [
        (f"kaldra-api@{B}", 2),
        (f"kaldra-api@{C}", 3),
    ]


def test_a_node_keeps_what_runs_what_is_needed_and_what_is_not_ours():
    api, core = "localhost:5001/kaldra-api", "localhost:5001/kaldra-core"
    listed = {
        f"{api}@{A}": A,
        f"{core}@{B}": B,
        f"{core}@{C}": C,
        "sha256:config-of-c": C,
        f"registry.k8s.io/pause@{D}": D,
    }
    rows = [
        f"{name} application/json {digest} 7.0 MiB linux/amd64 -" for name, digest in listed.items()
    ]
    images = "\n".join(["REF TYPE DIGEST SIZE PLATFORMS LABELS", *rows])
    containers = f"CONTAINER IMAGE RUNTIME\n1 {api}@{A} io.containerd.runc.v2"
    found = garbage.node_images(images, containers, "localhost:5001", frozenset({B}))
    assert [(each.name, each.size) for each in found] == [
        (f"{core}@{C} sha256:config-of-c", 7 << 20)
    ]
