"""Migration of stacks that version 0.1 encrypted with a random passphrase per clone.

Runs once per clone: their state, and the secrets in their files, are encrypted with the published
passphrase instead.
"""

from kaldra import variables
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.workspace import OWN_PASSPHRASE, PUBLISHED_PASSPHRASE, Workspace, environment
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
        with pulumi.console.step(
            f"stack {stack['name']}: re-encrypt with the published passphrase"
        ):
            _encrypt_again(workspace, pulumi, old)
    file.rename(file.with_name(f"{OWN_PASSPHRASE}.old"))


def _encrypt_again(workspace: Workspace, pulumi: Pulumi, old: str) -> None:
    """Have Pulumi encrypt state and stack file with the published passphrase."""
    file = REPO / f"Pulumi.{workspace.stack}.yaml"
    before = file.read_bytes()
    salt = _salt_of_state(Pulumi(workspace, environment(workspace, {}), pulumi.console))
    try:
        _change_passphrase(workspace, pulumi, old)
    except KaldraError:
        file.write_bytes(before)
        # After an interrupted run this stack may have the published passphrase already.
        _change_passphrase(workspace, pulumi, PUBLISHED_PASSPHRASE)
    if b"encryptionsalt" in before and salt.encode() not in before:
        # Keep the committed salt, another one of the published passphrase.
        file.write_bytes(before)


def _change_passphrase(workspace: Workspace, pulumi: Pulumi, old: str) -> None:
    given = {**environment(workspace, {}), variables.PASSPHRASE.name: old}
    Pulumi(workspace, given, pulumi.console).run(
        *("stack", "change-secrets-provider", "passphrase", "--stack", workspace.stack),
        text=f"{PUBLISHED_PASSPHRASE}\n",
    )


def _salt_of_state(pulumi: Pulumi) -> str:
    document = pulumi.read("stack", "export", "--stack", pulumi.workspace.stack)
    provider = document["deployment"].get("secrets_providers") or {}
    return str((provider.get("state") or {}).get("salt") or "no salt")
