"""The gateway for ASGI servers: `uvicorn app.main:app`."""

import os
import sys

from app.factory import create_app
from app.settings import Settings
from serving import logs
from serving.lifecycle import Lifecycle
from serving.settings import SettingsError

lifecycle = Lifecycle()
try:
    settings = Settings.load(os.environ)
    logs.configure(settings.log_level, service="kaldra-api", environment=settings.environment)
    app = create_app(settings, lifecycle=lifecycle)
except SettingsError as error:
    sys.exit(f"kaldra-api: {error}")
