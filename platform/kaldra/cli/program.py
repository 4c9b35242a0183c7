"""The Pulumi program in this process: Pulumi's option `--client` has it run here.

Imports Pulumi, which takes most of a second: `deploy.import_program` does that in the background.
"""

import asyncio
import logging
import os
import runpy
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import grpc
import pulumi
from pulumi.runtime import proto, reset_options, run_in_stack, set_all_config

from kaldra.paths import REPO

PROGRAM = str(REPO / "platform" / "__main__.py")


@contextmanager
def served(variables: Mapping[str, str]) -> Iterator[str]:
    """Serve the program to Pulumi, which gets the option that is returned.

    Until the block ends, this process has the variables in its environment, too.
    """
    server = grpc.server(ThreadPoolExecutor(thread_name_prefix="program"))
    proto.add_LanguageRuntimeServicer_to_server(_LanguageRuntime(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield f"--client=127.0.0.1:{port}"
    finally:
        server.stop(grace=None)
        os.environ.clear()
        os.environ.update(before)


class _LanguageRuntime(proto.LanguageRuntimeServicer):
    """What Pulumi asks of a language host; plugins are installed before it runs."""

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        return proto.GetRequiredPackagesResponse()

    def Run(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Run the program; report its errors as the language host does."""
        reset_options(
            project=request.project,
            stack=request.stack,
            root_directory=str(REPO),
            parallel=request.parallel,
            engine_address=request.args[0],
            monitor_address=request.monitor_address,
            preview=request.dryRun,
            organization=request.organization,
        )
        set_all_config(dict(request.config), list(request.configSecretKeys))
        # Tasks of a program that failed are left unfinished, and asyncio would tell so.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        try:
            with asyncio.Runner() as runner:
                threads = ThreadPoolExecutor(4 * request.parallel)
                runner.get_loop().set_default_executor(threads)
                runner.run(run_in_stack(_run))
        except pulumi.RunError as error:
            message = str(error)
        except Exception as error:  # noqa: BLE001  a program may raise anything
            message = f"Program failed with an unhandled exception:\n{_own_traceback(error)}"
        else:
            return proto.RunResponse()
        with suppress(grpc.RpcError):  # an interrupted Pulumi may be gone
            pulumi.log.error(message)
        return proto.RunResponse(bail=True)


def _run() -> None:
    runpy.run_path(PROGRAM)


def _own_traceback(error: Exception) -> str:
    """From the program on, where it is part of it."""
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    own = files.index(PROGRAM) if PROGRAM in files else 0
    return "".join(traceback.format_exception(error, limit=own - len(files)))
