"""Writes the reference pages that come from the code: `python docs/reference/generate.py`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
sys.path.insert(0, str(REPO))

from app.settings import Settings as ApiSettings  # noqa: E402  after the path is set
from core.settings import Settings as CoreSettings  # noqa: E402  after the path is set


def settings_page() -> str:
    """Every environment variable of both services."""
    return (
        "# Settings of the services\n\n"
        "Environment variables, read once at the start. A wrong value stops the service with a\n"
        "message that names the variable. The stack sets those that differ from the default;\n"
        "secrets reach the services as mounted files only.\n\n"
        "This page comes from the code: `python docs/reference/generate.py`.\n\n"
        f"## kaldra-api\n\n{ApiSettings.table()}\n"
        f"## kaldra-core\n\n{CoreSettings.table()}"
    )


PAGES = {"settings.md": settings_page}

if __name__ == "__main__":
    for name, render in PAGES.items():
        (HERE / name).write_text(render(), encoding="utf-8")
