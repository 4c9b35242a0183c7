"""The rules of kaldra.rules as a policy pack: `pulumi preview --policy-pack platform/policy`.

One policy per rule, all of them mandatory. It has an environment of its own, see requirements.txt.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

from pulumi_policy import (  # type: ignore[import-not-found]
    EnforcementLevel,
    PolicyPack,
    ResourceValidationPolicy,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError  # type: ignore[import-not-found]

from kaldra import rules
from kaldra.rules.model import ObjectRule, PodRule, StackRule
from kaldra.rules.objects import pod_of
from kaldra.rules.resources import Resource, is_released, manifest, places_known

Report = Callable[..., None]


def _resource(given: Any) -> Resource:
    return Resource(given.resource_type, given.urn, given.props)


def _about_one(rule: PodRule | ObjectRule) -> Any:
    def validate(given: Any, report: Report) -> None:
        found = manifest(_resource(given), UnknownValueError)
        if found is None:
            return
        if isinstance(rule, ObjectRule):
            faults = rule.check(found)
        else:
            pod = pod_of(found)
            faults = rule.check(pod) if pod is not None else ()
        for fault in faults:
            report(f"{fault}.")

    return ResourceValidationPolicy(rule.name, f"{rule.meaning}.", validate)


def _about_all(rule: StackRule) -> Any:
    def validate(given: Any, report: Report) -> None:
        resources = [_resource(resource) for resource in given.resources]
        if rule in rules.RELEASED_RULES and not is_released(resources, UnknownValueError):
            given.not_applicable("It runs on one developer's machine.")
        found = {
            resource.urn: obj
            for resource in resources
            if (obj := manifest(resource, UnknownValueError)) is not None
        }
        objects = list(found.values())
        if not places_known(objects):
            given.not_applicable("The namespace is not known before the deployment.")
        urns = {id(obj): urn for urn, obj in found.items()}
        for obj, fault in rule.check(objects):
            report(f"{fault}.", urns[id(obj)])

    return StackValidationPolicy(rule.name, f"{rule.meaning}.", validate)


PolicyPack(
    name="kaldra",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        *(_about_one(rule) for rule in rules.POD_RULES),
        *(_about_one(rule) for rule in rules.OBJECT_RULES),
        *(_about_all(rule) for rule in rules.STACK_RULES),
    ],
)
