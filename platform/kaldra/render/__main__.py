"""`python -m kaldra.render STACK`: the manifests as JSON; the process that `manifests` starts."""

import json
import sys
import traceback

from kaldra.errors import ConfigurationError, KaldraError

LINES = 10
"""Of a traceback: where it happened, and what."""


def main(stack: str) -> None:
    """Print {"manifests": …}, or what the program failed with.

    That is {"fault": …, "hint": …} for a mistake in the stack's settings, {"failure": …} otherwise.
    It is not left to standard error, where an interpreter that ends may have the last word.
    """
    from kaldra.render import program  # noqa: PLC0415  imports Pulumi, which is slow

    answer: dict[str, object]
    try:
        answer = {"manifests": program.run(stack)}
    except ConfigurationError as error:
        answer = {"fault": str(error), "hint": error.hint}
    except KaldraError as error:
        answer = {"failure": str(error)}
    except Exception:  # noqa: BLE001  a program may raise anything
        answer = {"failure": "\n".join(traceback.format_exc().splitlines()[-LINES:])}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
