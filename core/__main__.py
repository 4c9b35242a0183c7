"""`python3 -m core`: the core with a shutdown that loses no request."""

import sys
from pathlib import Path

from core.kernel import Kernel
from core.service import create_app
from core.settings import Settings
from core.vocabulary.base import DataError
from serving import logs
from serving.dotenv import EnvFile
from serving.lifecycle import serve
from serving.settings import SettingsError, refuse

try:
    settings = EnvFile.of(Path(__file__).resolve().parents[1]).load(Settings)
    logs.configure(settings.log_level, service="kaldra-core", environment=settings.environment)
    kernel = Kernel.load()
except SettingsError as error:
    refuse("kaldra-core", error)
except DataError as error:
    sys.exit(f"kaldra-core: {error}")

serve(create_app(settings, kernel), settings, port=settings.port)
