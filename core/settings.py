"""Settings of the core's service; the kernel itself knows none."""

from pydantic import Field

from serving.settings import Port, ServiceSettings


class Settings(ServiceSettings):
    """What the core is told by its environment."""

    port: Port = Field(9000, alias="CORE_PORT", description="Port to listen on")
