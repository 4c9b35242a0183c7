"""Where things live: the clone, the machine-wide cache, and this clone's own state."""

import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]


def home() -> Path:
    """Cache of tools shared by every clone on the machine (`KALDRA_HOME`)."""
    return Path(os.environ.get("KALDRA_HOME") or Path.home() / ".cache" / "kaldra")


def state() -> Path:
    """State of this clone: stacks, passphrase, kubeconfig, logs (`KALDRA_STATE`)."""
    return Path(os.environ.get("KALDRA_STATE") or REPO / ".kaldra")
