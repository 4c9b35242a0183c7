"""What Docker holds under the tests' names, and its removal."""

import json
import subprocess
from typing import Any

from tests.e2e.machine import CLONE, NAME, sharing_the_machine

KINDS = {
    "container": ("--all", "--format={{.Names}}"),
    "network": ("--format={{.Name}}",),
    "volume": ("--format={{.Name}}",),
}


def docker(*arguments: str) -> str:
    """Output of the docker client, without the last line's end."""
    return run(*arguments, check=True).stdout.decode().strip()


def inspected(name: str) -> dict[str, Any]:
    """What Docker says of a container or an image."""
    return dict(json.loads(docker("inspect", name))[0])


def saved(image: str) -> bytes:
    """An image with all its layers, as one archive."""
    return run("save", image, check=True).stdout


def engine_answers() -> bool:
    try:
        return run("version", check=False).returncode == 0
    except FileNotFoundError:
        return False


def run(*arguments: str, check: bool) -> "subprocess.CompletedProcess[bytes]":
    command = ("docker", *arguments)
    with sharing_the_machine():
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=check)


def leftovers(prefix: str = NAME) -> list[str]:
    """Containers, networks and volumes with the tests' name or label: `network kaldra-e2e-…`."""
    found = {
        f"{kind} {name}"
        for kind, options in KINDS.items()
        for of_ours in (f"name={prefix}", f"label=io.kaldra.cluster={prefix}")
        for name in docker(kind, "ls", *options, "--filter", of_ours).split()
    }
    return sorted(found)


def remove_leftovers(prefix: str = NAME) -> None:
    """Remove containers, networks and volumes, if the engine runs."""
    for item in leftovers(prefix) if engine_answers() else ():
        kind, name = item.split()
        options = ("--force", "--volumes") if kind == "container" else ()
        docker(kind, "rm", *options, name)


def remove_everything() -> None:
    """Remove what all processes of these tests left, with their images."""
    for tests in ("e2e", "provider", "staging"):
        remove_leftovers(f"kaldra-{tests}-{CLONE}")
    if not engine_answers():
        return
    columns = "{{.Repository}} {{.Tag}} {{.ID}}"
    listed = [line.split() for line in docker("image", "ls", "--format", columns).splitlines()]
    ours = {repository for repository, tag, _ in listed if CLONE in f"{repository}:{tag}"}
    for repository, tag, image in listed:
        if tag == "<none>" and repository in ours:
            # One without a name may have gone with another that had its layers.
            run("image", "rm", image, check=False)
        elif CLONE in f"{repository}:{tag}":
            docker("image", "rm", f"{repository}:{tag}")
