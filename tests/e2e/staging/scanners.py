"""Other people's checks of manifests: kube-score, kubeconform, checkov.

The first two are built from Go modules once and kept in the cache of tools, checkov is installed
beside them.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from kaldra.paths import home
from kaldra.progress import Progress
from kaldra.toolchain import gobuild

CHECKOV = "3.3.30"
PROGRAMS = gobuild.Build(
    name="scanners",
    outputs={
        "kube-score": "github.com/zegl/kube-score/cmd/kube-score",
        "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform",
    },
    stamps={},
    lists=Path(__file__).parent / "modules",
)
WIDER = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["string", "integer"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"]},
}
"""What the server publishes as text, although it takes numbers too."""


def programs(progress: Progress) -> Path:
    """Folder with kube-score and kubeconform."""
    built = gobuild.build(PROGRAMS, progress)
    gobuild.drop_caches()
    return built


def checkov() -> Path:
    """The program, in an environment of its own."""
    folder = home() / "built" / f"checkov-{CHECKOV}"
    program = folder / "bin" / "checkov"
    if not program.exists():
        uv = Path(sys.executable).with_name("uv")
        python = folder / "bin" / "python"
        subprocess.run([uv, "venv", "--clear", "--python", sys.executable, folder], check=True)
        subprocess.run(
            [uv, "pip", "install", "--python", python, f"checkov=={CHECKOV}"], check=True
        )
    return program


def said_by(*command: str | Path) -> str:
    """What a scanner finds: "" where it is content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def write_schemas(openapi: dict[str, Any], folder: Path) -> str:
    """Write a strict JSON schema for each kind that a server knows; returns their location."""
    definitions = {
        name: _strict(WIDER.get(name, definition))
        for name, definition in openapi["definitions"].items()
    }
    shared = folder / "definitions.json"
    shared.write_text(json.dumps({"definitions": definitions}))
    for name, definition in definitions.items():
        for known in definition.get("x-kubernetes-group-version-kind") or ():
            group = known["group"].partition(".")[0]
            suffix = "-".join(filter(None, (group, known["version"])))
            schema = {"$ref": f"{shared.as_uri()}#/definitions/{name}"}
            (folder / f"{known['kind'].lower()}-{suffix}.json").write_text(json.dumps(schema))
    return f"{folder}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"


def _strict(definition: dict[str, Any]) -> dict[str, Any]:
    """The definition with nothing allowed that it does not name."""
    if "properties" not in definition:
        return definition
    return {**definition, "additionalProperties": False}
