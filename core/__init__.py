"""kaldra-core: the kernel, and the service that offers it over HTTP."""

__version__ = "0.1.0"
