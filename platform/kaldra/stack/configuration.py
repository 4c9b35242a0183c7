"""Settings of the running stack, and readable configuration errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import pulumi
from pulumi.runtime.config import CONFIG

from kaldra.errors import KaldraError
from kaldra.stack.settings import NAMESPACE, Settings


def read() -> Settings:
    """Settings of the stack that Pulumi is running."""
    prefix = f"{NAMESPACE}:"
    values = {
        key.removeprefix(prefix): value
        for key, value in CONFIG.get().items()
        if key.startswith(prefix)
    }
    return Settings.from_config(values, f"Pulumi.{pulumi.get_stack()}.yaml")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Let Pulumi print KaldraError as a message instead of a traceback."""
    try:
        yield
    except KaldraError as error:
        raise pulumi.RunError(f"{error}\n{error.hint}".strip()) from None
