"""Run as a Pulumi plugin: `python -m kaldra.plugins.kubernetes ENGINE`."""

from kaldra.plugins.kubernetes.provider import KubernetesProvider
from kaldra.plugins.serve import main

main(KubernetesProvider)
