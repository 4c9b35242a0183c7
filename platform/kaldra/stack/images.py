"""The services' images: built by pulumi-docker, deployed by digest."""

import pulumi
import pulumi_docker as docker

from kaldra import variables
from kaldra.errors import ConfigurationError
from kaldra.stack.services import SERVICES, Service, build_arguments
from kaldra.stack.settings import Settings
from kaldra.variables import Variable

CONTEXT = ".."
"""The repository, relative to the program's working directory `platform/`."""


def build(settings: Settings) -> dict[str, pulumi.Input[str]]:
    """Declare the images; returns references by service name.

    Pushed images are referred to by digest, others by image id.
    """
    return {service.name: _image(service, settings) for service in SERVICES}


def _image(service: Service, settings: Settings) -> pulumi.Input[str]:
    name = service.name
    pushed = settings.on_cluster
    repository = f"{settings.registry_address}/{name}" if pushed else name
    if settings.image_digests is not None:
        digest = settings.image_digests[service.key]
        return f"{repository}@{digest}" if pushed else digest
    image = docker.Image(
        name,
        image_name=f"{repository}:{settings.tag}",
        build=docker.DockerBuildArgs(
            context=CONTEXT,
            dockerfile=f"images/{service.key}.Dockerfile",
            target=service.key,
            platform=settings.image_platform,
            builder_version=docker.BuilderVersion.BUILDER_BUILD_KIT,
            args=build_arguments(
                _required(variables.BASE_IMAGE), _required(variables.BUILDER_IMAGE)
            ),
        ),
        registry=_registry(settings) if pushed else None,
        skip_push=not pushed,
    )
    built: pulumi.Output[str] = image.repo_digest
    return built


def _registry(settings: Settings) -> docker.RegistryArgs:
    server = settings.registry_address.partition("/")[0]
    account = settings.registry.push
    if account is None:
        return docker.RegistryArgs(server=server)
    password = pulumi.Output.secret(account.password.get_secret_value())
    return docker.RegistryArgs(server=server, username=account.username, password=password)


def _required(variable: Variable) -> str:
    if not variable.value:
        raise ConfigurationError(
            f"{variable.name} is not set; the base images depend on the machine.",
            hint='eval "$(./kaldra env)"',
        )
    return variable.value
