import pytest

from kaldra.checks import json_files


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b'{"a": 1}\n', None),
        (b"[\n 1\n]\n", None),
        (b'{"a": 1,}\n', "double quotes"),
        (b'{"a": 1, "a": 2}\n', "key 'a' is there twice"),
        (b'{"a": {"b": NaN}}\n', "NaN is no JSON"),
        (b'{"a": "\xff"}\n', "can't decode"),
        (b'{"a": 1} \n', "line 1: space at the end"),
        (b'{\n\t"a": 1}\n', "line 2: a tab"),
        (b'{"a": 1}', "one line end"),
        (b'{"a": 1}\n\n', "one line end"),
    ],
)
def test_faults(tmp_path, content, fault):
    file = tmp_path / "a.json"
    file.write_bytes(content)
    found = list(json_files.faults(file))
    assert (fault in found[0]) if fault else not found
