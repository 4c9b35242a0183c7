"""Differences between renderings, and the Markdown that tells them."""

import pytest

from kaldra.render import diff


def deployment(**spec):
    return {"kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def told(before, after):
    """Markdown for one object of the stack dev that was `before` and is `after`."""
    pair = tuple({"deployment-web.yaml": side} if side else {} for side in (before, after))
    return diff.markdown({"dev": pair}, "main")


def test_nothing_differs():
    text = told(deployment(replicas=1), deployment(replicas=1))
    assert text == "No difference from `main` in what is deployed (dev).\n"


def test_each_field_that_changes_comes_or_goes_is_one_row():
    text = told(deployment(old="a", n=1, same=0), deployment(new="b", n=2, same=0))
    summary, details = text.split("### dev: Deployment `web` changed\n\n")
    assert "| `dev` | 1 | 0 | 0 |" in summary
    assert details.splitlines()[2:] == [
        "| `spec.n` | `1` | `2` |",
        "| `spec.new` | (none) | `b` |",
        "| `spec.old` | `a` | (none) |",
    ]


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ({"a": {}}, {}, ("a", {}, diff.ABSENT)),
        ({"a": ""}, {"a": None}, ("a", "", None)),
        ({"l": {"a.b/c": 1}}, {"l": {"a.b/c": 2}}, ('l["a.b/c"]', 1, 2)),
        # Entries of a list are known by their names, and where they have none by their places.
        (
            {"c": [{"name": "api", "image": "a:1"}, {"name": "log"}]},
            {"c": [{"name": "log"}, {"name": "api", "image": "a:2"}]},
            ("c[api].image", "a:1", "a:2"),
        ),
        ({"r": [{"port": 1}, {"port": 2}]}, {"r": [{"port": 1}, {"port": 3}]}, ("r[1].port", 2, 3)),
    ],
)
def test_a_difference_has_the_path_of_its_field(before, after, field):
    assert diff.fields(before, after) == [diff.Field(*field)]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", '`""`'),
        (None, "`null`"),
        ("a|b", r"`a\|b`"),
        ("a`b", "`` a`b ``"),
        ("**bold** <b>", "`**bold** <b>`"),
        ("two\nlines", r'`"two\nlines"`'),
        (" edge ", '`" edge "`'),
    ],
)
def test_a_value_is_shown_as_it_is(value, shown):
    text = told(deployment(a="old"), deployment(a=value))
    row = next(line for line in text.splitlines() if "spec.a" in line)
    assert shown in row
    assert "\n" not in row


def test_of_long_values_the_part_that_differs_is_shown():
    before, after = ("x" * 500 + end + "y" * 500 for end in ("old", "new"))
    text = told(deployment(a=before), deployment(a=after))
    assert "xold" in text
    assert "xnew" in text
    assert len(text) < 1000


def test_an_object_that_comes_or_goes_is_shown_whole():
    text = told(None, deployment(replicas=3))
    assert "### dev: Deployment `web` added" in text
    assert "  replicas: 3" in text
    assert "### dev: Deployment `web` removed" in told(deployment(), None)


def test_a_fence_in_a_value_does_not_end_the_block():
    text = told(None, deployment(script="```\nfree"))
    assert text.count("````") == 2


def test_what_is_too_long_for_a_comment_is_named_only():
    fields = {f"field{i:05}": "v" * 100 for i in range(1000)}
    text = told(deployment(), deployment(**fields))
    assert len(text) <= diff.MOST_CHARACTERS + 1
    assert "* dev: Deployment `web` changed" in text
    assert "./kaldra diff main" in text
