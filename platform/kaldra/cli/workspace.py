"""One clone's Pulumi workspace: its environment, passphrase, and the stack it works on."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaldra import variables
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import REPO, state
from kaldra.stack import stack_file
from kaldra.stack.settings import Settings, settings_of_stack_file

GUARD = REPO / "platform" / "kaldra" / "guard"
"""Its `pulumi` refuses what would write secrets down, and runs the real one otherwise."""


def pulumi_program() -> Path:
    """The Pulumi that this clone chose; not there before the first run that needs it."""
    return state() / "bin" / "pulumi"


@dataclass(frozen=True)
class Workspace:
    """A stack, its checked settings, and where its state lives."""

    stack: str
    settings: Settings

    @classmethod
    def open(cls, stack: str) -> "Workspace":
        """Read and check the stack's settings; changes nothing."""
        return cls(stack=stack, settings=settings_of_stack_file(stack, REPO))

    @property
    def backend(self) -> str:
        """URL of the Pulumi backend that holds the state: this clone's own unless one is set."""
        return self.settings.state_backend or f"file://{state() / 'state'}"

    @property
    def remote(self) -> bool:
        """Whether the state is in no folder of this machine."""
        return not self.backend.startswith("file://")

    @property
    def checkpoint(self) -> Path:
        """File of the stack's state; of one that is remote there never is any."""
        folder = state() / "state"
        if not self.remote:
            folder = Path(self.backend.removeprefix("file://")).expanduser()
        return folder / ".pulumi" / "stacks" / "kaldra" / f"{self.stack}.json"

    @property
    def may_exist(self) -> bool:
        """Whether the stack may have a state: only Pulumi knows of a remote one."""
        return self.remote or self.checkpoint.exists()

    @property
    def identities(self) -> Path:
        """What cluster and registry the stack was last deployed to."""
        return state() / f"{self.stack}.target.json"

    def deployment(self) -> dict[str, Any]:
        """The stack's last state, or an empty one."""
        if self.remote:
            return _exported(self)
        try:
            document = json.loads(self.checkpoint.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        latest = document.get("checkpoint", {}).get("latest")
        return latest if isinstance(latest, dict) else {}


def environment(workspace: Workspace, images: Mapping[str, str]) -> dict[str, str]:
    """Variables that make plain `pulumi` do what `./kaldra` does; `images` are the base images."""
    binaries = [GUARD, state() / "bin", Path(sys.prefix) / "bin"]
    given = [p for p in variables.PATH.value.split(os.pathsep) if p]
    path = [*map(str, binaries), *(p for p in given if p not in map(str, binaries))]
    exported = {
        "PATH": os.pathsep.join(path),
        variables.PULUMI.name: str(pulumi_program()),
        "PULUMI_HOME": str(state() / "pulumi"),
        # Never the ambient one: a backend that belongs to other projects is not touched.
        "PULUMI_BACKEND_URL": workspace.backend,
        "PULUMI_STACK": workspace.stack,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # The stack file in git stays as it is: the state holds the salt of its own encryption.
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        "DOCKER_BUILDKIT": "1",
        **images,
    }
    if variables.STATE.value:
        exported["KALDRA_STATE"] = str(state())
    if not variables.PASSPHRASE.value:
        exported["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(_given_passphrase() or _own_passphrase())
    if workspace.settings.target == "dev":
        exported["KUBECONFIG"] = workspace.settings.kubeconfig_path
    return exported


def asked(workspace: Workspace, *arguments: str) -> str:
    """What `pulumi ARGUMENTS` tells of a remote stack; "" where there is none, or no Pulumi yet."""
    pulumi = pulumi_program()
    if not pulumi.exists():
        return ""
    done = subprocess.run(  # noqa: S603
        [str(pulumi), *arguments, "--stack", workspace.stack, "--non-interactive"],
        cwd=REPO,
        env={**os.environ, **environment(workspace, {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return done.stdout
    if "no stack named" in done.stderr:
        return ""
    raise KaldraError(
        f"The state in {workspace.backend} cannot be read: {done.stderr.strip()}",
        hint="Check its address (kaldra:stateBackend) and your credentials for it.",
    )


def _exported(workspace: Workspace) -> dict[str, Any]:
    """State of a stack whose backend is remote, or an empty one."""
    latest = json.loads(asked(workspace, "stack", "export") or "{}").get("deployment")
    return latest if isinstance(latest, dict) else {}


def _own_passphrase() -> Path:
    return state() / "passphrase"


def _given_passphrase() -> Path | None:
    """The file that the environment names, unless another clone's `env` left it there."""
    given = variables.PASSPHRASE_FILE.value
    if not given or (Path(given).parent / "state").is_dir():
        return None
    return Path(given)


def ensure_passphrase(workspace: Workspace) -> None:
    """Make the passphrase of this clone's state on first use; never replace a lost one.

    Raises ConfigurationError when stacks exist that only the lost passphrase can open.
    """
    if variables.PASSPHRASE.value or _given_passphrase():
        return
    settings = workspace.settings
    if settings.secrets_provider or workspace.backend.startswith("https://"):
        return
    if settings.state_backend:
        raise ConfigurationError(
            f"The state in {workspace.backend} is shared, and so is the passphrase it is encrypted "
            "with.",
            hint="export PULUMI_CONFIG_PASSPHRASE_FILE=… , a file of its own for that passphrase",
        )
    path = _own_passphrase()
    if path.is_file() and path.read_text(encoding="utf-8").strip():
        return
    if workspace.checkpoint.exists():
        raise ConfigurationError(
            f"The passphrase of stack {workspace.stack} is missing: {path} is gone or empty, and "
            f"the state in {workspace.checkpoint.parent} was encrypted with it.",
            hint="Put the file back, or: export PULUMI_CONFIG_PASSPHRASE=… , "
            f"or give the state up: rm -r {state() / 'state'}",
        )
    if stack_file.has_salt(workspace.stack, REPO):
        name = f"Pulumi.{workspace.stack}.yaml"
        raise ConfigurationError(
            f"{name} belongs to a passphrase that this clone does not have (encryptionsalt).",
            hint="export PULUMI_CONFIG_PASSPHRASE=… ; if it is lost: "
            f"git checkout {name}, or remove that line and every `secure:` value",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
