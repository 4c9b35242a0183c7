"""The KALDRA stack: settings, images, the target that runs them, and the stack's outputs."""

import gc

import pulumi

gc.disable()  # what is imported below stays; to look through it costs a sixth of the imports

from kaldra.stack import configuration, images  # noqa: E402
from kaldra.stack.services import SERVICES  # noqa: E402

with configuration.plain_errors():
    settings = configuration.read()
    built = images.build(settings)

    if settings.target == "local":
        from kaldra.stack import local

        local.deploy(settings, built)
    else:
        from kaldra.stack import kubernetes

        pulumi.export("namespace", kubernetes.deploy(settings, built))

    pulumi.export("url", settings.url)
    for service in SERVICES:
        pulumi.export(f"{service.key}Image", built[service.name])

gc.freeze()  # or the interpreter looks through all of it again when it exits
