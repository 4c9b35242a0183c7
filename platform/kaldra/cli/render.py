"""`./kaldra render`: a stack's Kubernetes objects as YAML files, without a cluster.

One file for each object; files of other hands are never touched.
"""

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
    texts = {name: text(manifest, stack) for name, manifest in rendered.items()}
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder.", hint="Give another one: --out DIR")
    for name in texts:
        if (folder / name).exists() and not _written_for(stack, folder / name):
            raise ConfigurationError(
                f"{folder / name} was not rendered from stack {stack}; it is left as it is.",
                hint="Give another folder: --out DIR",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"{folder} cannot be made: {error.strerror}."
        raise ConfigurationError(reason, hint="Give another one: --out DIR") from None
    ours = [p for p in folder.glob("*.yaml") if _written_for(stack, p)]
    gone = [p for p in ours if p.name not in texts]
    changed = {n: t for n, t in texts.items() if _read(folder / n) != t.encode()}
    for name, content in changed.items():
        (folder / name).write_bytes(content.encode())
    for path in gone:
        path.unlink()
    return len(changed), len(gone)


def text(manifest: dict[str, object], stack: str) -> str:
    """The file of a manifest: the same bytes for the same object on every machine."""
    return _mark(stack) + yaml.safe_dump(
        manifest, sort_keys=False, allow_unicode=True, width=100, explicit_start=True
    )


def _mark(stack: str) -> str:
    return f"# Rendered by ./kaldra render --stack {stack}; edit the program or its settings.\n"


def _written_for(stack: str, path: Path) -> bool:
    return _read(path).startswith(_mark(stack).encode())


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        return b"a folder, a pipe or a device"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
