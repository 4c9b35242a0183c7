"""kaldra-api: the gateway. Validates, authenticates, limits, traces and forwards to the core."""

__version__ = "0.1.0"
