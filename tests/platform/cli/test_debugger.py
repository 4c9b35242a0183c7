import json
import os
import subprocess
from pathlib import Path

from kaldra.cli import dev
from tests.serving.reloading import Small


def test_a_debugger_attaches_through_a_receiver(tmp_path: Path, free_port: int):
    """Without debugpy beside the service, as in an image; also after a reload."""
    small = Small(tmp_path, free_port, KALDRA_DRAIN_SECONDS="0")
    question = json.dumps({
        "seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "test"},
    })  # fmt: skip
    with small.start(), small.receiver() as receiver:
        for answer in (
            receiver.request(debug=dev.debugpy()),
            receiver.write(answer="ANSWER = 'second'"),
        ):
            assert answer == {}
            with subprocess.Popen(
                [*small.receive, "--debugger"],
                env=small.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            ) as process:
                process.stdin.write(f"Content-Length: {len(question)}\r\n\r\n{question}".encode())
                process.stdin.flush()
                found = b""
                while b'"success"' not in found:
                    piece = os.read(process.stdout.fileno(), 1 << 16)
                    assert piece, found
                    found += piece
                assert b'"success": true' in found
                process.kill()
        assert (small.live / "packages" / "debugpy" / "__init__.py").exists()
