"""`./kaldra publish`: create a multi-architecture tag from images pushed per architecture.

`kaldra-api:<tag>` becomes a manifest list of `kaldra-api:<tag>-amd64` and so on. Prints one line,
`images=` and a JSON list, as an output of a workflow step.
"""

import json
from contextlib import suppress

from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.release import naming, pushing
from kaldra.stack.services import SERVICES
from kaldra.toolchain.docker_client import is_local
from kaldra.toolchain.engine import ensure_engine


def run(console: Console, *, tag: str, registry: str, architectures: list[str] | None) -> None:
    """Create the manifest list of each service; print its name and all digests."""
    naming.checked_tag(tag)
    registry = naming.checked_registry(registry)
    ensure_engine(console, assume_yes=False)
    # A registry on this machine has no TLS.
    insecure = ["--insecure"] if is_local(registry) else []
    published = []
    for service in SERVICES:
        name = f"{registry}/{service.name}"
        image = f"{name}:{tag}"
        members = {one: f"{image}-{one}" for one in architectures or ("amd64", "arm64")}
        with console.step(f"publish {image}") as step:
            with suppress(KaldraError):  # left over from an interrupted run
                _manifest("rm", image)
            _manifest("create", *insecure, image, *members.values())
            digest = pushing.push(image, "manifest", "push", "--purge", *insecure)
            step.done(digest)
        digests = {}
        for architecture, member in members.items():
            said = _manifest("inspect", *insecure, "--verbose", member)
            digests[architecture] = json.loads(said[said.index("{") :])["Descriptor"]["digest"]
        published.append(
            {"service": service.key, "name": name, "digest": digest, "architectures": digests}
        )
    print(f"images={json.dumps(published)}", flush=True)  # noqa: T201  the verb's result


def _manifest(verb: str, *arguments: str) -> str:
    image = arguments[-1]
    return pushing.docker(
        image, "manifest", verb, *arguments, what=f"docker manifest {verb} {image}"
    )
