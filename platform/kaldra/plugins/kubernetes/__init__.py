"""Substitute for the Kubernetes provider, over server-side apply."""
