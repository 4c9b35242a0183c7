"""What the documentation says of verbs and settings is what the code has."""

import pytest

from kaldra.cli import reference
from kaldra.paths import REPO


@pytest.mark.parametrize("page", reference.PAGES)
def test_pages_are_current(page):
    text = (REPO / page).read_text(encoding="utf-8")
    assert reference.refreshed(text) == text, "run: ./kaldra reference"


def test_schemas_are_current():
    found = {path: path.read_text() for path in (REPO / "docs/reference/cli").iterdir()}
    assert found == reference.schemas(), "run: ./kaldra reference"


def test_a_stale_part_is_written_anew_and_the_rest_kept():
    stale = "# Mine\n<!-- generated: verbs -->\nold\n<!-- end -->\nalso mine\n"
    fresh = reference.refreshed(stale)
    assert fresh.startswith("# Mine\n<!-- generated: verbs -->\n| verb |")
    assert fresh.endswith("|\n<!-- end -->\nalso mine\n")
    assert "old" not in fresh
