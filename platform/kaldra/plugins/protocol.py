"""The SDK's protocol stubs without the SDK: a plugin has to be ready at once.

`import pulumi` takes several times as long as everything a plugin needs, and the stubs lie
inside it. They are imported under empty stand-ins for the packages around them, which are taken
away again, so that a process that later imports the real SDK gets it whole.
"""

import importlib.util
import sys
from types import ModuleType

_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


def _stand_in() -> list[str]:
    if "pulumi" in sys.modules:
        return []
    found = importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        return []
    root = found.submodule_search_locations[0]
    for name in _PACKAGES:
        package = ModuleType(name)
        package.__path__ = [root + name.removeprefix("pulumi").replace(".", "/")]
        sys.modules[name] = package
    return list(_PACKAGES)


_added = _stand_in()
try:
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        status_pb2,
    )
finally:
    for _name in _added:
        del sys.modules[_name]

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "status_pb2",
]
