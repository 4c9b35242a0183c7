"""Pulumi workspace of a clone: the stack, and the environment of Pulumi."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kaldra import variables
from kaldra.errors import ConfigurationError
from kaldra.paths import REPO, state
from kaldra.stack.settings import Settings, settings_of_stack_file

GUARD = REPO / "platform" / "kaldra" / "guard"
"""Its `pulumi` refuses options that log secrets, and runs the real one otherwise."""

PUBLISHED_PASSPHRASE = "kaldra-dev"  # noqa: S105  decision 0003: file modes guard these stacks
"""Passphrase of stacks without team secrets; their files contain its salt."""

OWN_PASSPHRASE = "passphrase"  # noqa: S105  a file's name
"""File with the passphrase that version 0.1 generated per clone."""


def pulumi_program() -> Path:
    """The Pulumi of this clone; missing before the first run that needs it."""
    return state() / "bin" / "pulumi"


@dataclass(frozen=True)
class Workspace:
    """A stack, its checked settings, and where its state lives."""

    stack: str
    settings: Settings

    @classmethod
    def open(cls, stack: str) -> "Workspace":
        """Read and validate the stack's settings; changes nothing."""
        return cls(stack=stack, settings=settings_of_stack_file(stack, REPO))

    @property
    def backend(self) -> str:
        """URL of the Pulumi backend; default: this clone's own folder."""
        url = self.settings.state_backend or (state() / "state").as_uri()
        # Attributes of a file, which nothing needs, are written in place: a Pulumi that is killed
        # meanwhile leaves a state that it cannot read.
        return f"{url}?metadata=skip" if url.startswith("file://") and "?" not in url else url

    @property
    def backend_folder(self) -> Path | None:
        """The backend's folder, if it is one."""
        address = urlsplit(self.backend)
        if address.scheme != "file":
            return None
        return Path(unquote(address.netloc + address.path)).expanduser()  # file://~/state, too

    @property
    def identities(self) -> Path:
        """File that records cluster and registry of the last deployment."""
        return state() / f"{self.stack}.target.json"

    @property
    def has_secret_passphrase(self) -> bool:
        """Whether the stack's secrets are encrypted with a secret passphrase or key."""
        settings = self.settings
        shared = settings.state_backend or settings.secrets_provider
        return bool(shared or settings.target == "staging")

    def inherited(self) -> dict[str, str]:
        """This process' environment, without the passphrase of other stacks."""
        kept = dict(os.environ)
        if not given_passphrase():
            kept.pop(variables.PASSPHRASE.name, None)
        return kept


def environment(workspace: Workspace, base: str = "none", builder: str = "none") -> dict[str, str]:
    """Variables for running plain `pulumi` like `./kaldra` does; the images are for builds."""
    binaries = [GUARD, state() / "bin", Path(sys.prefix) / "bin"]
    exported = {
        "PATH": os.pathsep.join([*map(str, binaries), variables.PATH.value]),
        variables.PULUMI.name: str(pulumi_program()),
        "PULUMI_HOME": str(state() / "pulumi"),
        # Never the ambient one, which may belong to other projects.
        "PULUMI_BACKEND_URL": workspace.backend,
        "PULUMI_STACK": workspace.stack,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # Refresh and destroy use the program's providers: those in the state may have another
        # version, or a kubeconfig that has moved.
        "PULUMI_RUN_PROGRAM": "true",
        "DOCKER_BUILDKIT": "1",
        variables.BASE_IMAGE.name: base,
        variables.BUILDER_IMAGE.name: builder,
    }
    if variables.STATE.value:
        exported["KALDRA_STATE"] = str(state())
    if not workspace.has_secret_passphrase:
        exported[variables.PASSPHRASE.name] = PUBLISHED_PASSPHRASE
    if workspace.settings.target == "dev":
        exported["KUBECONFIG"] = workspace.settings.kubeconfig_path
        # Restores fields changed with kubectl; on staging they are reported as a conflict.
        exported["PULUMI_K8S_ENABLE_PATCH_FORCE"] = "true"
    return exported


def prepare_state(workspace: Workspace) -> None:
    """Create the state folders; those of this clone are readable by their owner only.

    Raises ConfigurationError if the stack needs a passphrase and none is set.
    """
    _require_passphrase(workspace)
    for folder in ("state", "pulumi"):
        path = state() / folder
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    if backend := workspace.backend_folder:
        backend.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in (backend / ".pulumi").glob("stacks/*/*.attrs"):
            if not file.stat().st_size:  # left by a killed Pulumi that wrote attributes
                file.unlink()


def _require_passphrase(workspace: Workspace) -> None:
    provider = workspace.settings.secrets_provider
    by_service = workspace.backend.startswith("https://") or (provider and "://" in provider)
    given = given_passphrase() or variables.PASSPHRASE_FILE.value
    if not workspace.has_secret_passphrase or by_service or given:
        return
    former = [p for p in state().glob(f"{OWN_PASSPHRASE}*") if p.is_file()]
    raise ConfigurationError(
        f"Stack {workspace.stack} keeps secrets: its state in {workspace.backend} needs a "
        "passphrase, and neither PULUMI_CONFIG_PASSPHRASE nor PULUMI_CONFIG_PASSPHRASE_FILE "
        "is set.",
        hint="export PULUMI_CONFIG_PASSPHRASE_FILE="
        + (str(former[0]) if former else "… , a file with the passphrase that your team uses"),
    )


def given_passphrase() -> bool:
    """Whether the environment has the user's own passphrase; an empty one counts as unset."""
    return variables.PASSPHRASE.value not in ("", PUBLISHED_PASSPHRASE)
