"""The same text, options and data give the same bytes, whatever happened before."""

import ast
import gc
import os
import subprocess
import sys
from pathlib import Path

from contract.options import Options
from core.encoding import dumps

REPO = Path(__file__).resolve().parents[2]
TEXTS = [
    "Revenue grew, but we are not certain about the war and its risks.",
    "Amei o produto, mas a entrega atrasou e o atendimento foi péssimo!",
    "",
]
SCRIPT = """
import sys
from core.encoding import dumps
from core.kernel import Kernel
from contract.options import Options
kernel = Kernel.load()
for text in sys.argv[1:]:
    sys.stdout.buffer.write(dumps(kernel.safeguard(text, Options(explain=True))) + b"\\n")
"""


def _in_a_new_process(seed: str) -> bytes:
    command = [sys.executable, "-c", SCRIPT, *TEXTS]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(REPO)}
    return subprocess.run(
        command, cwd=REPO, env=environment, check=True, capture_output=True
    ).stdout


def test_bytes_do_not_depend_on_the_hash_seed_or_the_process(kernel):
    here = b"".join(dumps(kernel.safeguard(t, Options(explain=True))) + b"\n" for t in TEXTS)
    assert _in_a_new_process("1") == _in_a_new_process("369") == here


def test_a_batch_holds_one_signal_at_a_time(kernel):
    def alive() -> int:
        return sum(isinstance(o, dict) and "signal_id" in o for o in gc.get_objects())

    before = alive()
    for _ in kernel.batch(TEXTS * 5):
        assert alive() - before == 1


ALLOWED = {
    *("bisect", "collections", "copy", "dataclasses", "functools", "hashlib", "itertools"),
    *("json", "math", "operator", "pathlib", "re", "typing", "unicodedata"),
    *("contract", "core", "numpy", "pydantic", "pydantic_core", "typing_extensions"),
}
"""What the kernel may import: nothing that knows time, chance, the network or the environment."""


def test_the_kernel_imports_nothing_that_varies():
    kernel_modules = [
        path
        for path in (REPO / "core").rglob("*.py")
        if path.parent.name != "http" and path.stem not in {"__main__", "service", "settings"}
    ]
    assert len(kernel_modules) > 30
    for path in kernel_modules:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} <= ALLOWED, path
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] in ALLOWED, path
                assert node.module not in {"core.http", "core.service", "core.settings"}, path
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"random", "default_rng", "environ", "cwd", "home"}, path
