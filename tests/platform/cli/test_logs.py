"""Logs that are followed: pods and containers that come later are read from their first line."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kaldra.cli import logs
from kaldra.cli.workspace import Workspace
from kaldra.paths import REPO
from kaldra.stack.settings import Settings
from tests.platform.fake_docker import FakeDocker

KUBECTL = """#!/bin/sh
case "$*" in
  *" get pods "*) cat {folder}/pods ;;
  *) for pod in new old; do
       case "$*" in *" logs pod/$pod "*) echo "$pod: $*" | sed 's/--kube.* logs/logs/' ;; esac
     done
     [ -z "${{*##*--follow*}}" ] && exec sleep 600 ;;
esac
"""


def pod(name: str, container: str = "", **state: Any) -> dict[str, Any]:
    status = {"containerID": container, "state": state}
    return {"metadata": {"name": name}, "status": {"containerStatuses": [status]}}


class Cluster:
    """A dev stack whose `kubectl` says what a test wants."""

    def __init__(self, root: Path) -> None:
        self.root = root
        program = root / "state/bin/kubectl"
        program.parent.mkdir(parents=True)
        program.write_text(KUBECTL.format(folder=root))
        program.chmod(0o755)

    def has(self, *pods: dict[str, Any]) -> None:
        new = self.root / "pods.new"
        new.write_text(json.dumps({"items": pods}))
        new.replace(self.root / "pods")


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


@pytest.fixture
def follow(cluster: Cluster) -> Iterator[Callable[[int], list[str]]]:
    """Starts `logs --follow`; returns a function that waits for some more lines."""
    started: list[subprocess.Popen[str]] = []

    def lines(count: int) -> list[str]:
        if not started:
            started.append(
                subprocess.Popen(
                    [REPO / "kaldra", "logs", "--follow", "--lines", "5"],
                    env={**os.environ, "KALDRA_STATE": str(cluster.root / "state")},
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
        assert started[0].stdout
        return [started[0].stdout.readline() for _ in range(count)]

    yield lines
    for process in started:
        with process:
            process.send_signal(signal.SIGTERM)
        assert process.returncode == 128 + signal.SIGTERM


def test_new_pods_and_started_containers_are_followed_from_their_first_line(
    cluster: Cluster, follow: Callable[[int], list[str]]
) -> None:
    cluster.has(pod("old", "a", running={}))
    cluster.has(pod("old", "a", running={"startedAt": "1"}))
    assert follow(1) == ["[pod/old] old: logs pod/old --all-containers --follow --tail=5\n"]
    # A rollout: the new pod is being created, then runs, then the old one is gone.
    cluster.has(pod("old", "a", running={"startedAt": "1"}), pod("new", waiting={"reason": "x"}))
    time.sleep(2 * logs.LOOK_SECONDS)
    cluster.has(pod("new", "b", running={"startedAt": "2"}))
    assert follow(1) == ["[pod/new] new: logs pod/new --all-containers --follow\n"]
    # Its container is started again.
    cluster.has(pod("new", "c", running={"startedAt": "3"}))
    assert follow(1) == ["[pod/new] new: logs pod/new --all-containers --follow\n"]


def test_a_container_that_is_started_again_is_read_from_there(docker: FakeDocker) -> None:
    workspace = Workspace("x", Settings(target="local", namespace="n"))
    docker.answers["GET /_ping"] = "OK"
    docker.answers["GET /containers/n-api/json"] = {"Id": "1", "State": {"StartedAt": "t1"}}
    (first,) = logs.sources(workspace)
    docker.answers["GET /containers/n-api/json"] = {"Id": "1", "State": {"StartedAt": "t2"}}
    (second,) = logs.sources(workspace)
    assert (first.name, second.options) == ("n-api", ("--since=t2",))
    assert first.instance != second.instance
