"""The KALDRA stack: settings, images, the target that runs them, and what a stack tells."""

import pulumi

from kaldra.stack import configuration, images

with configuration.plain_errors():
    settings = configuration.read()
    built = images.build(settings)

    if settings.target == "local":
        from kaldra.stack import containers

        containers.deploy(settings, built)
    else:
        from kaldra.stack import cluster

        pulumi.export("namespace", cluster.deploy(settings, built))

    pulumi.export("url", settings.url)
    pulumi.export("apiImage", built.api)
    pulumi.export("coreImage", built.core)
