"""An image's bill of materials as CycloneDX JSON, the same text for the same image."""

import uuid
from datetime import UTC, datetime

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from kaldra.release.contents import Contents, Package
from kaldra.release.naming import Source
from kaldra.stack.settings import VERSION


def document(name: str, contents: Contents, source: Source) -> str:
    """CycloneDX 1.6 of an image.

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
    return f"{text}\n"


def _component(package: Package, distribution: str) -> Component:
    debian, licences = package.kind == "deb", LicenseFactory()
    url = PackageURL(
        type=package.kind,
        namespace=(distribution.partition("-")[0] or "debian") if debian else None,
        name=package.name,
        version=package.version,
        qualifiers={"arch": package.architecture, "distro": distribution} if debian else None,
    )
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=url.to_string(),
        purl=url,
        licenses=[licences.make_from_string(package.licence)] if package.licence else [],
    )
