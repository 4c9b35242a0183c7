"""Runs GitHub's workflows on this machine with act, as its own user, without Docker.

act is built from Go modules once and cached. Local stand-ins replace the actions, so that nothing
of GitHub is contacted.
"""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from kaldra.paths import REPO
from kaldra.progress import Progress
from kaldra.toolchain import gobuild

PROGRAM = gobuild.Build(
    name="act",
    modules=Path(__file__).parent / "modules" / "act",
    outputs={"act": "github.com/nektos/act"},
    stamps={},
    niceness=10,
)
WORKFLOWS = REPO / ".github" / "workflows"
JOB_SECONDS = 30 * 60
"""As the longest of the jobs may take on GitHub."""

# Fetches what actions/checkout fetches for a pull request.
CHECKOUT = """\
git init --quiet .
git remote add origin "$ORIGIN"
if [ "$DEPTH" = 0 ]; then
  git fetch --quiet origin '+refs/heads/*:refs/remotes/origin/*'
else
  git fetch --quiet --depth="$DEPTH" origin change
fi
git checkout --quiet --detach "$COMMIT"
"""
UPLOAD = """\
mkdir -p "$ARTIFACTS/$NAME"
cp -R "$KEPT" "$ARTIFACTS/$NAME/" || [ "$MISSING" = ignore ]
"""
ACTIONS = {
    "actions/checkout": (CHECKOUT, {"DEPTH": "fetch-depth"}, {"fetch-depth": "1"}),
    "actions/upload-artifact": (
        UPLOAD,
        {"NAME": "name", "KEPT": "path", "MISSING": "if-no-files-found"},
        {"if-no-files-found": "warn"},
    ),
}
"""Action → script, variable → input, and defaults of the inputs."""


def program(progress: Progress) -> Path:
    """Path of act, which is built if it is missing."""
    return gobuild.build(PROGRAM, progress) / "act"


@dataclass(frozen=True)
class Runner:
    """Runs jobs of a pull request; act gives each an empty workspace."""

    program: Path
    origin: Path
    """Repository with the branches `main` and `change`."""
    folder: Path

    @property
    def artifacts(self) -> Path:
        """Uploaded artifacts, a folder for each name."""
        return self.folder / "artifacts"

    def job(self, name: str, **env: str) -> str:
        """Run a job of kaldra-ci; returns its log. Fails the test where the job fails."""
        event = self.folder / "event.json"
        event.write_text(json.dumps(self._event()))
        command: list[str | Path] = [
            self.program, "pull_request", "--job", name,
            "--workflows", ".github/workflows/kaldra-ci.yml", "--eventpath", event,
            "--no-skip-checkout", "--no-cache-server",
            "--action-cache-path", self.folder / "cache",
            "--secret", "GITHUB_TOKEN=not-one", "--platform", "ubuntu-24.04=-self-hosted",
            *(f"--local-repository={used}={path}" for used, path in self._actions().items()),
        ]  # fmt: skip
        done = subprocess.run(
            command,
            cwd=self.origin,
            env={**env, **self._variables()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=JOB_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-8000:]
        return done.stdout

    def _variables(self) -> Mapping[str, str]:
        return {
            "ORIGIN": self.origin.as_uri(),
            "COMMIT": self._commit("change"),
            "ARTIFACTS": str(self.artifacts),
        }

    def _event(self) -> object:
        repository = {"full_name": "4iam/kaldra", "default_branch": "main"}
        sides = {"base": "main", "head": "change"}
        request = {
            side: {"ref": branch, "sha": self._commit(branch), "repo": repository}
            for side, branch in sides.items()
        }
        return {"number": 1, "repository": repository, "pull_request": {"number": 1, **request}}

    def _commit(self, branch: str) -> str:
        command = ["git", "-C", str(self.origin), "rev-parse", branch]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def _actions(self) -> Mapping[str, Path]:
        """Folders of the stand-ins, by the action's name and commit in the workflow."""
        text = (WORKFLOWS / "kaldra-ci.yml").read_text(encoding="utf-8")
        return {
            used: self._action(*ACTIONS[used.partition("@")[0]])
            for used in set(re.findall(r"uses: (\S+)", text))
            if used.partition("@")[0] in ACTIONS
        }

    def _action(self, script: str, read: Mapping[str, str], defaults: Mapping[str, str]) -> Path:
        step = {
            "shell": "bash",
            "run": script,
            "env": {name: f"${{{{ inputs.{given} }}}}" for name, given in read.items()},
        }
        inputs = {given: {"default": defaults.get(given, "")} for given in read.values()}
        document = {
            "name": "stand-in",
            "inputs": inputs,
            "runs": {"using": "composite", "steps": [step]},
        }
        folder = self.folder / f"action-{abs(hash(script))}"
        folder.mkdir(exist_ok=True)
        (folder / "action.yml").write_text(yaml.safe_dump(document))
        return folder
