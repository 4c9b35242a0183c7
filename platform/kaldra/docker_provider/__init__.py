"""A Pulumi provider for the `local` stack and image builds, where pulumi-docker is unavailable."""
