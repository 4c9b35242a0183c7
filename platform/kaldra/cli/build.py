"""`./kaldra build`: both images into the local Docker, without a stack."""

from kaldra.cli.ui import Console
from kaldra.paths import REPO, state
from kaldra.toolchain.commands import run as run_command
from kaldra.toolchain.prepare import prepare

SERVICES = ("core", "api")


def run(console: Console, *, tag: str, assume_yes: bool) -> None:
    """Build kaldra-core:<tag> and kaldra-api:<tag>."""
    prepared = prepare("build", console, assume_yes=assume_yes)
    for service in SERVICES:
        image = f"kaldra-{service}:{tag}"
        with console.step(f"image {image}") as step:
            run_command(
                [
                    state() / "bin" / "docker",
                    "build",
                    "--progress=plain",
                    f"--tag={image}",
                    f"--file=platform/images/{service}.Dockerfile",
                    f"--build-arg=BASE_IMAGE={prepared.base_image}",
                    f"--build-arg=BUILDER_IMAGE={prepared.builder_image}",
                    ".",
                ],
                what=f"Building {image}",
                cwd=REPO,
                env={"DOCKER_BUILDKIT": "1"},
                each_line=lambda line: step.update(line[:70]),
            )
