"""An image's bill of materials as CycloneDX JSON, the same text for the same image."""

import json
import uuid
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jsonschema_rs
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from kaldra.errors import KaldraError
from kaldra.release.contents import Contents, Package
from kaldra.release.naming import Source
from kaldra.stack.settings import VERSION

_SCHEMA = "bom-1.6.SNAPSHOT.schema.json"
_REFERRED = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
_PLACE = "http://cyclonedx.org/schema/"
"""What the schemas' references to each other are relative to; nothing is fetched."""


def document(name: str, contents: Contents, source: Source) -> str:
    """CycloneDX 1.6 of an image, checked against its schema.

    Its time is that of the commit, so the same image always gets the same document.
    """
    root = Component(
        name=name,
        version=VERSION,
        type=ComponentType.CONTAINER,
        bom_ref=name,
        properties=[
            Property(name="kaldra:revision", value=source.revision),
            Property(name="kaldra:image", value=contents.image_id),
            Property(name="kaldra:architecture", value=contents.architecture),
            *(Property(name="kaldra:layer", value=layer) for layer in contents.layers),
        ],
    )
    components = [_component(package, contents.distribution) for package in contents.packages]
    bom = Bom(
        components=components,
        metadata=BomMetaData(component=root, timestamp=datetime.fromtimestamp(source.seconds, UTC)),
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, " ".join(contents.layers)),
    )
    bom.register_dependency(root, components)
    text: str = JsonV1Dot6(bom).output_as_string(indent=2)
    if faults := schema_faults(text):
        raise KaldraError(f"The bill of materials of {name} is not valid: {faults[0]}")
    return f"{text}\n"


def schema_faults(text: str) -> list[str]:
    """What CycloneDX's own schema finds wrong."""
    registry = jsonschema_rs.Registry([(f"{_PLACE}{file}", _schema(file)) for file in _REFERRED])
    validator = jsonschema_rs.Draft7Validator(_schema(_SCHEMA), registry=registry)
    found = validator.iter_errors(json.loads(text))
    return [f"{'/'.join(map(str, each.instance_path))}: {each.message}" for each in found]


def _schema(file: str) -> Any:
    folder = resources.files("cyclonedx.schema") / "_res"
    return json.loads((folder / file).read_text(encoding="utf-8"))


def _component(package: Package, distribution: str) -> Component:
    url, licences = package_url(package, distribution), LicenseFactory()
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=url.to_string(),
        purl=url,
        licenses=[licences.make_from_string(package.licence)] if package.licence else [],
    )


def package_url(package: Package, distribution: str) -> PackageURL:
    """The name that the whole world has for a package."""
    if package.kind != "deb":
        return PackageURL(type=package.kind, name=package.name, version=package.version)
    return PackageURL(
        type="deb",
        namespace=distribution.partition("-")[0] or "debian",
        name=package.name,
        version=package.version,
        qualifiers={"arch": package.architecture, "distro": distribution},
    )
