"""The logic of the page's modules, in node's own test runner; Playwright brings a node."""

import subprocess
from pathlib import Path

import playwright

NODE = Path(playwright.__file__).parent / "driver" / "node"
FOLDER = Path(__file__).with_name("page")


def test_the_modules_of_the_page():
    files = sorted(str(path) for path in FOLDER.glob("*.test.js"))
    assert files
    done = subprocess.run([NODE, "--test", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
