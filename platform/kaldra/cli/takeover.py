"""Migration of stacks that version 0.1 encrypted with a random passphrase per clone.

Runs once per clone: their state, and the secrets in their files, are encrypted with the published
passphrase instead.
"""

from dataclasses import replace

from kaldra import variables
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.workspace import OWN_PASSPHRASE, PUBLISHED_PASSPHRASE, Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import REPO, state


def take_over(pulumi: Pulumi) -> None:
    """Migrate every dev and local stack of this clone; keep the old passphrase as a backup."""
    file = state() / OWN_PASSPHRASE
    if pulumi.workspace.has_secret_passphrase or not file.is_file():
        return
    old = file.read_text(encoding="utf-8").strip()
    for stack in pulumi.read("stack", "ls", "--json"):
        try:
            workspace = Workspace.open(stack["name"])
        except ConfigurationError:  # its file is missing or invalid
            continue
        if workspace.has_secret_passphrase:
            continue
        title = f"stack {workspace.stack}: re-encrypt with the published passphrase"
        with pulumi.console.step(title):
            _encrypt_again(replace(pulumi, workspace=workspace), old)
    file.rename(file.with_name(f"{OWN_PASSPHRASE}.old"))


def _encrypt_again(pulumi: Pulumi, old: str) -> None:
    """Have Pulumi encrypt state and stack file with the published passphrase."""
    stack = pulumi.workspace.stack
    file = REPO / f"Pulumi.{stack}.yaml"
    before = file.read_bytes()
    provider = pulumi.read("stack", "export")["deployment"].get("secrets_providers") or {}
    salt = str((provider.get("state") or {}).get("salt") or "no salt")

    def change(passphrase: str) -> None:
        given = {**pulumi.variables, variables.PASSPHRASE.name: passphrase}
        command = ("stack", "change-secrets-provider", "passphrase", "--stack", stack)
        replace(pulumi, variables=given).run(*command, text=f"{PUBLISHED_PASSPHRASE}\n")

    try:
        change(old)
    except KaldraError:
        file.write_bytes(before)
        change(PUBLISHED_PASSPHRASE)  # an interrupted run may have got to this stack
    if b"encryptionsalt" in before and salt.encode() not in before:
        # Keep the committed salt, another one of the published passphrase.
        file.write_bytes(before)
