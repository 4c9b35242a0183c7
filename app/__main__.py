"""`python3 -m app`: the gateway with a shutdown that loses no request."""

from app.main import app, lifecycle, settings
from serving.lifecycle import serve

serve(app, lifecycle, settings, settings.port)
