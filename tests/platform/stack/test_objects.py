"""The objects are registered as pulumi-kubernetes' own classes would register them."""

import importlib
import importlib.metadata

import pytest
from stack_program import declare_staging

from kaldra.stack import resources


def objects():
    declared = declare_staging()
    return {d.type: d.inputs for d in declared if d.type.startswith("kubernetes:")}


def sdk_class(type_):
    """The generated class of a type; ours are tokens such as `kubernetes:apps/v1:Deployment`."""
    _, group, kind = type_.split(":")
    path = group.replace(".k8s.io", "").replace("/", ".")
    return getattr(importlib.import_module(f"pulumi_kubernetes.{path}"), kind)


def test_the_version_is_the_packages():
    assert importlib.metadata.version("pulumi-kubernetes") == resources.VERSION


@pytest.mark.parametrize("type_", sorted(objects()))
def test_the_provider_knows_the_type_and_its_fields(type_):
    known = sdk_class(type_)
    assert known.pulumi_type == type_
    fields = {
        name.split("_")[0] + "".join(part.title() for part in name.split("_")[1:])
        for name in dir(known)
    }
    assert set(objects()[type_]) <= fields
