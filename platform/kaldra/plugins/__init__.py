"""Substitute Pulumi plugins for machines that cannot have the official ones."""
