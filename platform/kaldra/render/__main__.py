"""`python -m kaldra.render STACK`: the manifests as JSON; the process that `manifests` starts."""

import json
import sys

from kaldra.errors import ConfigurationError, KaldraError


def main(stack: str) -> None:
    """Print {"manifests": …}, or {"fault": …, "hint": …} for a mistake in the stack's settings."""
    from kaldra.render import program  # noqa: PLC0415  imports Pulumi, which is slow

    answer: dict[str, object]
    try:
        answer = {"manifests": program.run(stack)}
    except ConfigurationError as error:
        answer = {"fault": str(error), "hint": error.hint}
    except KaldraError as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
