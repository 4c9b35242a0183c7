"""Docker images, networks and containers, where the official plugin cannot be had."""
