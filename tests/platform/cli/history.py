"""Pulumi's history of a stack as its file backend keeps it, written by a test."""

import json


class History:
    def __init__(self, state, stack="try"):
        self.folder = state / "state/.pulumi/history/kaldra" / stack
        self.folder.mkdir(parents=True)
        self.stack = stack
        self.written = 0

    def add(self, kind="update", *, result="succeeded", images=(), commit="", **settings):
        """One more update; `images` are the digests' first letters, of api and core."""
        self.written += 1
        stem = self.folder / f"{self.stack}-{self.written:019}"
        about = {
            "kind": kind,
            "result": result,
            "endTime": 1_795_384_700 + self.written,
            "environment": {"git.head": commit} if commit else {},
            "config": {f"kaldra:{key}": value for key, value in settings.items()},
        }
        stem.with_suffix(".history.json").write_text(json.dumps(about))
        names = zip(("apiImage", "coreImage"), images, strict=False)
        outputs = {name: f"localhost:5001/{name}@sha256:{x * 64}" for name, x in names}
        resources = [{"type": "pulumi:pulumi:Stack", "outputs": outputs}]
        document = {"checkpoint": {"latest": {"resources": resources}}}
        stem.with_suffix(".checkpoint.json").write_text(json.dumps(document))
