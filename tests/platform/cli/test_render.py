"""Rendered files beside files of other hands."""

import os

import pytest
import yaml

from kaldra.cli import render
from kaldra.errors import ConfigurationError

ONE = {"configmap-a.yaml": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}}
TWO = {**ONE, "configmap-b.yaml": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}}


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_each_object_is_one_file(tmp_path):
    assert render.write(TWO, tmp_path / "new" / "out", "dev") == (2, 0)
    read = {p.name: yaml.safe_load(p.read_text()) for p in (tmp_path / "new" / "out").iterdir()}
    assert read == TWO


def test_what_is_rendered_no_longer_goes_away_and_the_rest_stays(tmp_path):
    render.write(TWO, tmp_path, "dev")
    (tmp_path / "notes.yaml").write_text("mine: true\n")
    assert render.write(ONE, tmp_path, "dev") == (0, 1)
    assert sorted(contents(tmp_path)) == ["configmap-a.yaml", "notes.yaml"]


@pytest.mark.parametrize("stack", ["", "staging"])
def test_a_file_not_rendered_for_this_stack_is_never_overwritten(tmp_path, stack):
    if stack:
        render.write(ONE, tmp_path, stack)
    else:
        (tmp_path / "configmap-a.yaml").write_text("mine: true\n")
    before = contents(tmp_path)
    with pytest.raises(ConfigurationError, match=r"configmap-a\.yaml"):
        render.write(TWO, tmp_path, "dev")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_folder_or_a_pipe_in_the_place_of_a_file_is_left_alone(tmp_path, make):
    make(tmp_path / "of-others.yaml")
    assert render.write(ONE, tmp_path, "dev") == (1, 0)
    make(tmp_path / "configmap-b.yaml")
    with pytest.raises(ConfigurationError):
        render.write(TWO, tmp_path, "dev")
    with pytest.raises(ConfigurationError, match="is not a folder"):
        render.write(ONE, tmp_path / "configmap-a.yaml", "dev")
