"""A local file server that stands in for every publisher."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.fakes.servers import Asked, http_server


@dataclass
class Publishers:
    """Files by address without its scheme; `cut` ends an answer after so many bytes."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    cut: int | None = None

    def answer(self, asked: Asked) -> tuple[int, bytes, int]:
        if asked.method == "HEAD":
            return 200, b"", 0
        name, part = asked.path.lstrip("/"), asked.headers.get("Range")
        self.asked.append(f"{name} {part}" if part else name)
        body = self.files.get(name)
        if body is None:
            return 404, b"", 0
        start = int(re.sub(r"\D", "", part)) if part else 0
        return 206 if part else 200, body[start : self.cut], len(body) - start


@contextmanager
def publishers() -> Iterator[Publishers]:
    served = Publishers()
    with http_server(served.answer) as port:
        served.url = f"http://127.0.0.1:{port}"
        yield served
