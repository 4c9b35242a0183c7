"""Both images: built by pulumi-docker from one Dockerfile each, deployed by what was built."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from kaldra import variables
from kaldra.errors import ConfigurationError
from kaldra.stack.settings import Settings
from kaldra.variables import Variable

CONTEXT = ".."
"""The repository, seen from the program's working directory `platform/`."""


@dataclass(frozen=True)
class Images:
    """References that name exactly what was built."""

    core: pulumi.Input[str]
    api: pulumi.Input[str]


def build(settings: Settings) -> Images:
    """Declare both images; pushed ones are referred to by digest, others by image id."""
    return Images(core=_image("core", settings), api=_image("api", settings))


def _image(service: str, settings: Settings) -> pulumi.Input[str]:
    name = f"kaldra-{service}"
    pushed = settings.on_cluster
    repository = f"{settings.registry}/{name}" if pushed else name
    if settings.image_digests is not None:
        digest: str = getattr(settings.image_digests, service)
        return f"{repository}@{digest}" if pushed else digest
    image = docker.Image(
        name,
        image_name=f"{repository}:{settings.tag}",
        build=docker.DockerBuildArgs(
            context=CONTEXT,
            dockerfile=f"images/{service}.Dockerfile",
            platform=settings.image_platform,
            builder_version=docker.BuilderVersion.BUILDER_BUILD_KIT,
            args={
                "BASE_IMAGE": _required(variables.BASE_IMAGE),
                "BUILDER_IMAGE": _required(variables.BUILDER_IMAGE),
                **_reproducible(settings),
            },
        ),
        registry=_registry(settings) if pushed else None,
        skip_push=not pushed,
    )
    built: pulumi.Output[str] = image.repo_digest
    return built


def _reproducible(settings: Settings) -> dict[str, str]:
    """What makes two builds of the same sources the same; dev and local save the time it takes."""
    return {"SOURCE": "undated"} if settings.target == "staging" else {}


def _registry(settings: Settings) -> docker.RegistryArgs:
    server = settings.registry.partition("/")[0]
    account = settings.registry_push
    if account is None:
        return docker.RegistryArgs(server=server)
    password = pulumi.Output.secret(account.password.get_secret_value())
    return docker.RegistryArgs(server=server, username=account.username, password=password)


def _required(variable: Variable) -> str:
    if not variable.value:
        raise ConfigurationError(
            f"{variable.name} is not set: what the services build on depends on the machine.",
            hint='eval "$(./kaldra env)"',
        )
    return variable.value
