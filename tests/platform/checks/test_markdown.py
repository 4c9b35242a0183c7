import pytest

from kaldra.checks.markdown import anchors, link_faults

PAGE = """\
# A `title`, here

See [there](other.md#second-part) and [code](../run.sh "it").

## Second part
## Second part

1. In a list:

   ```sh
   ./kaldra up
     [no](link.md)
   ```

`[no](link.md)` [elsewhere](https://example.org/x.md) [mail](mailto:a@b)

[ref]: other.md
"""


@pytest.fixture
def root(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "page.md").write_text(PAGE)
    (docs / "other.md").write_text("## Second part\n<a id='x'></a>\n")
    (tmp_path / "run.sh").write_text("")
    return tmp_path


def test_good_links_have_no_fault(root):
    assert list(link_faults(root / "docs" / "page.md", root)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a](gone.md)", "gone.md: no such file"),
        ("[a](other.md#third)", "other.md#third: no such heading"),
        ("[a](#gone)", "#gone: no such heading"),
        ("![a](gone.png)", "gone.png: no such file"),
        ("[a](../../outside.md)", "../../outside.md: leads out of the repository"),
        ("[a]: gone.md", "gone.md: no such file"),
        ("[`a`](gone.md)", "gone.md: no such file"),
    ],
)
def test_links_that_lead_nowhere(root, text, fault):
    page = root / "docs" / "page.md"
    page.write_text(f"# Page\n\n{text}\n")
    assert list(link_faults(page, root)) == [fault]


def test_headings_become_the_anchors_that_renderers_make(root):
    assert anchors(root / "docs" / "page.md") == {"a-title-here", "second-part", "second-part-1"}
