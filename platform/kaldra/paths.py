"""Where things live: the clone, the machine-wide cache, and this clone's own state."""

from pathlib import Path

from kaldra import variables

REPO = Path(__file__).resolve().parents[2]


def home() -> Path:
    """Cache of tools shared by every clone on the machine (`KALDRA_HOME`)."""
    return Path(variables.HOME.value or Path.home() / ".cache" / "kaldra").absolute()


def state() -> Path:
    """State of this clone: stacks, dev key, kubeconfig, logs (`KALDRA_STATE`)."""
    return Path(variables.STATE.value or REPO / ".kaldra").absolute()
