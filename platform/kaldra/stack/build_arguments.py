"""Arguments of the services' Dockerfiles: the same for `up`, `build` and the release."""


def build_arguments(base: str, builder: str) -> dict[str, str]:
    """Build arguments for the images that the services are built on and in.

    The same sources and images give the same digest: newer builders also date the image by
    SOURCE_DATE_EPOCH instead of the time of the build.
    """
    return {"BASE_IMAGE": base, "BUILDER_IMAGE": builder, "SOURCE_DATE_EPOCH": "0"}
