"""How figures are taken and printed."""

import statistics
import time
from collections.abc import Callable


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def report(what: str, values: list[float], limit: float | None = None, unit: str = "s") -> None:
    """Print the median, the spread and the limit."""
    median = statistics.median(values)
    spread = f", {min(values):.1f} to {max(values):.1f}" if len(values) > 1 else ""
    wanted = f" (wanted <= {limit:.3g}: {median / limit:.2f} of it)" if limit else ""
    print(f"{what}: {median:.1f} {unit}{spread}{wanted}", flush=True)
