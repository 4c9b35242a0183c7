"""`./kaldra render`: a stack's Kubernetes objects as YAML files, without a cluster.

One file for each object; files of other hands are never touched.
"""

from functools import partial
from pathlib import Path

import yaml

from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError
from kaldra.render import Manifests, manifests


def run(console: Console, *, stack: str, out: Path) -> None:
    """Write one file per object into `out`; secrets are redacted, image digests are zero."""
    with console.step(f"render · {stack}") as step:
        rendered = manifests(stack)
        changed, gone = write(rendered, out, stack)
        step.done(f"{len(rendered)} objects in {out} ({changed} written, {gone} removed)")


def write(rendered: Manifests, folder: Path, stack: str) -> tuple[int, int]:
    """Write the files that changed and remove those no longer rendered; returns both counts.

    Raises ConfigurationError, with nothing written, where a file of the same name was not written
    for this stack.
    """
    mark = f"# Rendered by ./kaldra render --stack {stack}; edit the program or its settings.\n"
    dump = partial(
        yaml.safe_dump, sort_keys=False, allow_unicode=True, width=100, explicit_start=True
    )
    texts = {name: f"{mark}{dump(manifest)}".encode() for name, manifest in rendered.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        cannot = f"cannot be made: {error.strerror}"
        problem = "is not a folder" if isinstance(error, FileExistsError) else cannot
        raise ConfigurationError(
            f"{folder} {problem}.", hint="Give another one: --out DIR"
        ) from None
    there = {p.name: p.read_bytes() if p.is_file() else b"" for p in folder.glob("*.yaml")}
    ours = {name for name, content in there.items() if content.startswith(mark.encode())}
    for name in sorted(texts.keys() & there.keys() - ours):
        raise ConfigurationError(
            f"{folder / name} was not rendered from stack {stack}; it is left as it is.",
            hint="Give another folder: --out DIR",
        )
    changed = [name for name, text in texts.items() if there.get(name) != text]
    for name in changed:
        (folder / name).write_bytes(texts[name])
    gone = ours - texts.keys()
    for name in gone:
        (folder / name).unlink()
    return len(changed), len(gone)
