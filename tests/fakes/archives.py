"""Tar archives with the files that a test names."""

import io
import tarfile
from collections.abc import Mapping


def archive(files: Mapping[str, str], mode: str = "w") -> bytes:
    """An archive of path → text; `mode` is that of `tarfile.open`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as made:  # type: ignore[call-overload]
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            made.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()
