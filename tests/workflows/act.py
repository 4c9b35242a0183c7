"""Runs GitHub's workflows on this machine with act, as its own user, without Docker.

act is built from Go modules once and cached. Local stand-ins replace the actions, so that nothing
of GitHub is contacted.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kaldra.paths import REPO
from kaldra.toolchain import gobuild
from tests.fakes.progress import QuietProgress

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
name: stand-in
inputs:
  fetch-depth:
    default: "1"
runs:
  using: composite
  steps:
    - shell: bash
      env:
        DEPTH: ${{ inputs.fetch-depth }}
      run: |
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
name: stand-in
inputs:
  name:
    default: ""
  path:
    default: ""
  if-no-files-found:
    default: warn
runs:
  using: composite
  steps:
    - shell: bash
      env:
        NAME: ${{ inputs.name }}
        KEPT: ${{ inputs.path }}
        MISSING: ${{ inputs.if-no-files-found }}
      run: |
        mkdir -p "$ARTIFACTS/$NAME"
        cp -R "$KEPT" "$ARTIFACTS/$NAME/" || [ "$MISSING" = ignore ]
"""
ACTIONS = {"actions/checkout": CHECKOUT, "actions/upload-artifact": UPLOAD}


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True)
class Runner:
    """Runs jobs of a pull request; act gives each an empty workspace."""

    origin: Path
    """Repository with the branches `main` and `change`."""
    folder: Path

    @property
    def artifacts(self) -> Path:
        """Uploaded artifacts, a folder for each name."""
        return self.folder / "artifacts"

    def job(self, name: str, **env: str) -> str:
        """Run a job of kaldra-ci; returns its log. Fails the test where the job fails."""
        base, head = (git(self.origin, "rev-parse", branch) for branch in ("main", "change"))
        repository = {"full_name": "4iam/kaldra", "default_branch": "main"}
        request = {
            "number": 1,
            "base": {"ref": "main", "sha": base, "repo": repository},
            "head": {"ref": "change", "sha": head, "repo": repository},
        }
        event = self.folder / "event.json"
        told = {"number": 1, "repository": repository, "pull_request": request}
        event.write_text(json.dumps(told))
        own = {"ORIGIN": self.origin.as_uri(), "COMMIT": head, "ARTIFACTS": str(self.artifacts)}
        command: list[str | Path] = [
            gobuild.build(PROGRAM, QuietProgress()) / "act", "pull_request", "--job", name,
            "--workflows", ".github/workflows/kaldra-ci.yml", "--eventpath", event,
            "--no-skip-checkout", "--no-cache-server",
            "--action-cache-path", self.folder / "cache",
            "--secret", "GITHUB_TOKEN=not-one", "--platform", "ubuntu-24.04=-self-hosted",
            *self._stand_ins(),
        ]  # fmt: skip
        done = subprocess.run(
            command,
            cwd=self.origin,
            env={**env, **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=JOB_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-8000:]
        return done.stdout

    def _stand_ins(self) -> Iterator[str]:
        """Options that name a folder for each action, by its commit in the workflow."""
        text = (WORKFLOWS / "kaldra-ci.yml").read_text(encoding="utf-8")
        for name, document in ACTIONS.items():
            folder = self.folder / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "action.yml").write_text(document)
            for used in set(re.findall(rf"uses: ({name}@\S+)", text)):
                yield f"--local-repository={used}={folder}"
