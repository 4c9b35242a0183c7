from kaldra.cli.doctor import lines
from kaldra.toolchain.findings import Finding


def test_each_problem_stands_under_its_tool_with_its_fix():
    text = lines(
        [
            Finding("kind", version="0.33.0", where="/usr/bin/kind", route="found"),
            Finding("disk", problem="1 GB free\nof 100", fix="df -h"),
        ]
    )
    assert text == [
        "✓ kind  0.33.0  /usr/bin/kind (found)",
        "✗ disk",
        "    1 GB free",
        "    of 100",
        "    → df -h",
    ]
