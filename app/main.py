"""The gateway for ASGI servers: `uvicorn app.main:app`."""

from pathlib import Path

from app.factory import create_app
from app.settings import Settings
from serving import logs
from serving.dotenv import EnvFile
from serving.settings import SettingsError, refuse

ROOT = Path(__file__).resolve().parents[1]

try:
    settings = EnvFile.of(ROOT).load(Settings)
    logs.configure(settings.log_level, service="kaldra-api", environment=settings.environment)
    app = create_app(settings)
except SettingsError as error:
    refuse("kaldra-api", error)
