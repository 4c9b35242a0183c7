"""Write the golden signals anew: `python tests/core/golden/update.py`, then review the difference.

Run it after a deliberate change of the kernel or of the data; the reasons in texts.json must still
hold, and tests/core/test_golden.py checks that they do.
"""

import json
from pathlib import Path

from core.encoding import dumps
from core.kernel import Kernel

HERE = Path(__file__).parent


STAMPS = ("signal_id", "version", "data_version")
"""These change with any change of the data, whatever a text holds."""


def found(kernel: Kernel, text: str) -> bytes:
    """Return what the kernel found in a text: the signal without its stamps."""
    items = kernel.signal(text).items()
    return dumps({name: value for name, value in items if name not in STAMPS}) + b"\n"


def main() -> None:
    """Write one file per text, and remove those whose text is gone."""
    kernel = Kernel.load()
    texts = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
    folder = HERE / "signals"
    folder.mkdir(exist_ok=True)
    for stale in {path.stem for path in folder.glob("*.json")} - {t["name"] for t in texts}:
        (folder / f"{stale}.json").unlink()
    for text in texts:
        (folder / f"{text['name']}.json").write_bytes(found(kernel, text["text"]))


if __name__ == "__main__":
    main()
