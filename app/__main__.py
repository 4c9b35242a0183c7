"""`python3 -m app`: the gateway with a shutdown that loses no request."""

from app.main import app, settings
from serving.lifecycle import serve

serve(app, settings, port=settings.port, trusted_proxies=settings.trusted_proxies)
