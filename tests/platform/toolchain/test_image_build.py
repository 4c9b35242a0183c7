"""How an image is built: the command line, and what is told of a build that fails."""

from pathlib import Path

import pytest

from kaldra.errors import KaldraError
from kaldra.paths import REPO
from kaldra.stack.services import SERVICES
from kaldra.toolchain.image_build import Progress, Recipe, build

FAILS = """
cat >&2 <<END
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#7 [dependencies 3/3] RUN python3 -m pip install --target=/opt/site
#7 0.512 Collecting fastapi
#7 0.934 ERROR: No matching distribution found for fastapi
#7 ERROR: executor failed running [/bin/sh -c python3 -m pip install]: exit code: 1
------
 > [dependencies 3/3] RUN python3 -m pip install --target=/opt/site:
------
executor failed running [/bin/sh -c python3 -m pip install]: exit code: 1
END
exit 1
"""


def test_every_option_reaches_the_docker_program(tmp_path):
    recipe = Recipe(
        image="x:dev",
        context="c",
        dockerfile="d",
        args={"A": "1"},
        secrets={"apt": tmp_path},
        target="final",
        platform="linux/arm64",
        cache=False,
    )
    command = f"docker build --tag=x:dev --file=d --iidfile={tmp_path}/id --target=final"
    command += f" --platform=linux/arm64 --secret=id=apt,src={tmp_path} --build-arg=A=1"
    command += " --progress=plain --no-cache c"
    assert recipe.command("docker", tmp_path / "id") == command.split()


def test_a_secret_argument_is_on_no_command_line_and_the_builder_is_the_engines(tmp_path):
    recipe = Recipe("x", "c", "d", args={"KEY": "hunter22"}, secret_args=frozenset({"KEY"}))
    command = [str(part) for part in recipe.command("docker", tmp_path)]
    assert "--build-arg=KEY" in command
    assert "hunter22" not in " ".join(command)
    own = {"BUILDX_BUILDER": "default", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    assert recipe.environment() == {"KEY": "hunter22", "DOCKER_BUILDKIT": "1", **own}


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (FAILS, "No matching distribution found for fastapi"),
        (FAILS, r"at \[dependencies 3/3\] RUN python3 -m pip install"),
        ("echo 'unable to prepare context' >&2; exit 1", "unable to prepare context"),
    ],
)
def test_a_failure_shows_the_step_and_its_last_lines(docker_script, script, told):
    docker_script(script)
    with pytest.raises(KaldraError, match=told) as caught:
        build(Recipe("x:dev", ".", "images/x.Dockerfile"), lambda _: None)
    assert str(caught.value).startswith("Building x:dev from images/x.Dockerfile failed ")


def test_progress_names_the_step_an_output_belongs_to():
    progress = Progress()
    assert progress.feed("#5 [2/3] RUN make all") == "[2/3] RUN make all"
    assert progress.feed("#5 1.234 compiling") == "[2/3] compiling"
    assert progress.feed("#5 CACHED") == ""
    assert progress.feed("#5 sha256:abc 12MB / 40MB") == ""


def test_files_of_images_have_one_order():
    """Docker sorts a layer's entries by path, or folder by folder, as its cache has it."""
    folders = {name for service in SERVICES for name in (service.package, *service.folders)}
    listed = [path for name in folders for path in (REPO / name).rglob("*")]
    relative = [path.relative_to(REPO) for path in listed if "__pycache__" not in path.parts]
    assert sorted(relative) == [Path(name) for name in sorted(map(str, relative))]
