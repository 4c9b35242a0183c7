"""Both images: built by pulumi-docker from one Dockerfile each, deployed by what was built."""

import os
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from kaldra.errors import ConfigurationError
from kaldra.stack.settings import Settings

CONTEXT = ".."
"""The repository, seen from the program's working directory `platform/`."""


@dataclass(frozen=True)
class Images:
    """References that name exactly what was built."""

    core: pulumi.Output[str]
    api: pulumi.Output[str]


def build(settings: Settings, *, push: bool) -> Images:
    """Declare both images; pushed ones are referred to by digest, others by image id."""
    return Images(core=_image("core", settings, push=push), api=_image("api", settings, push=push))


def _image(service: str, settings: Settings, *, push: bool) -> pulumi.Output[str]:
    name = f"kaldra-{service}"
    repository = f"{settings.registry}/{name}" if push else name
    image = docker.Image(
        name,
        image_name=f"{repository}:{settings.image_tag}",
        build=docker.DockerBuildArgs(
            context=CONTEXT,
            dockerfile=f"images/{service}.Dockerfile",
            platform=settings.image_platform,
            builder_version=docker.BuilderVersion.BUILDER_BUILD_KIT,
            args={
                "BASE_IMAGE": _required("KALDRA_BASE_IMAGE"),
                "BUILDER_IMAGE": _required("KALDRA_BUILDER_IMAGE"),
            },
        ),
        registry=docker.RegistryArgs(server=settings.registry) if push else None,
        skip_push=not push,
    )
    digest: pulumi.Output[str] = image.repo_digest
    return digest


def _required(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise ConfigurationError(
            f"{variable} is not set: which image the services build on depends on the machine.",
            hint='eval "$(./kaldra env)"',
        )
    return value
