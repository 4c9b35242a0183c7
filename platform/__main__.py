"""The KALDRA stack: settings, images, the target that runs them, and the stack's outputs."""

import gc

import pulumi
from pulumi.runtime.config import CONFIG

gc.disable()  # what is imported below stays; to look through it costs a sixth of the imports

from kaldra.errors import KaldraError  # noqa: E402
from kaldra.stack import images  # noqa: E402
from kaldra.stack.services import SERVICES  # noqa: E402
from kaldra.stack.settings import NAMESPACE, Settings  # noqa: E402

prefix = f"{NAMESPACE}:"
values = {k.removeprefix(prefix): v for k, v in CONFIG.get().items() if k.startswith(prefix)}
try:
    settings = Settings.from_config(values, f"Pulumi.{pulumi.get_stack()}.yaml")
    built = images.build(settings)

    if settings.target == "local":
        from kaldra.stack import local

        local.deploy(settings, built)
    else:
        from kaldra.stack import kubernetes

        pulumi.export("namespace", kubernetes.deploy(settings, built))
except KaldraError as error:  # a message instead of a traceback
    raise pulumi.RunError(f"{error}\n{error.hint}".strip()) from None

pulumi.export("url", settings.url)
for service in SERVICES:
    pulumi.export(f"{service.key}Image", built[service.name])

gc.freeze()  # or the interpreter looks through all of it again when it exits
