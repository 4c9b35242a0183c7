"""What is checked of a stack before a deployment: its secrets, and the rules for its objects.

Rendering takes about a second (it imports Pulumi), so its verdict is kept: it depends on nothing
but files of the repository.
"""

import hashlib
import sys

from kaldra import rules
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError
from kaldra.paths import REPO, state
from kaldra.render import manifests
from kaldra.stack.settings import settings_of_stack_file


def require(console: Console, stack: str) -> None:
    """Raise ConfigurationError where a secret is missing or an object breaks a security rule.

    A stack on Docker alone has neither required secrets nor Kubernetes objects.
    """
    settings = settings_of_stack_file(stack, REPO, complete=True)
    if not settings.on_cluster:
        return
    record, current = state() / f"{stack}.rules", inputs(stack)
    if record.is_file() and record.read_text(encoding="ascii") == current:
        return
    with console.step(f"security rules · {stack}"):
        faults = rules.check(list(manifests(stack).values()))
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise ConfigurationError(
            f"Nothing was changed: objects of stack {stack} break the security rules.\n{listed}",
            hint=f"./kaldra render --stack {stack} --out DIR shows the objects",
        )
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(current, encoding="ascii")


def inputs(stack: str) -> str:
    """Digest of everything that the rendered objects and the rules depend on."""
    whole = hashlib.sha256(sys.version.encode())
    files = [*sorted((REPO / "platform").rglob("*.py")), REPO / "Pulumi.yaml"]
    for path in [*files, REPO / f"Pulumi.{stack}.yaml", REPO / "requirements.lock"]:
        whole.update(path.relative_to(REPO).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()
