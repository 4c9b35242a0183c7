"""What Docker holds under the tests' names, and its removal."""

import subprocess

from tests.e2e.clone import NAME

KINDS = ("container", "network", "volume")
COLUMNS = "{{.Repository}} {{.Tag}} {{.ID}}"


def docker(*arguments: str) -> str:
    """Output of the docker client, without the last line's end."""
    return run(*arguments, check=True).stdout.decode().strip()


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
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=check)


def leftovers(prefix: str = NAME) -> list[str]:
    """Containers, networks and volumes with the tests' name or label: `network kaldra-e2e-…`."""
    found = set()
    for kind in KINDS:
        every = ("--all",) if kind == "container" else ()
        column = "{{.Names}}" if kind == "container" else "{{.Name}}"
        for of_ours in (f"name={prefix}", f"label=io.kaldra.cluster={prefix}"):
            listed = docker(kind, "ls", *every, "--filter", of_ours, "--format", column)
            found |= {f"{kind} {name}" for name in listed.split()}
    return sorted(found)


def remove_leftovers(prefix: str = NAME) -> None:
    """Remove what a killed run of these tests left behind."""
    if not engine_answers():
        return
    for item in leftovers(prefix):
        kind, name = item.split()
        options = ("--force", "--volumes") if kind == "container" else ()
        docker(kind, "rm", *options, name)
    remove_images()


def remove_images() -> None:
    """Remove the images with the tests' tag, and those that had it before them."""
    listed = [line.split() for line in docker("image", "ls", "--format", COLUMNS).splitlines()]
    ours = {repository for repository, tag, _ in listed if tag == NAME}
    for repository, tag, image in listed:
        if tag == NAME:
            docker("image", "rm", f"{repository}:{NAME}")
        elif repository in ours and tag == "<none>":
            # One without a name may have gone with another that had its layers.
            run("image", "rm", image, check=False)
