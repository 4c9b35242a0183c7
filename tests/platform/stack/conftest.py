import importlib.util
import sys
from pathlib import Path

import pytest

# The tests' own helper module, found although test folders are no packages.
_spec = importlib.util.spec_from_file_location(
    "stack_program", Path(__file__).parent / "program.py"
)
stack_program = importlib.util.module_from_spec(_spec)
sys.modules["stack_program"] = stack_program
_spec.loader.exec_module(stack_program)


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    return tmp_path / "state"
