import os
import subprocess
import sys
from pathlib import Path

from kaldra.plugins.install import VERSIONS, Installed, directory, install, installed, uninstall


def program(home: Path, name: str) -> Path:
    return directory(home, name) / f"pulumi-resource-{name}"


def test_substitutes_go_where_the_engine_looks(tmp_path):
    assert install(tmp_path, Path(sys.executable)) == ["kubernetes", "docker"]
    for name in VERSIONS:
        assert installed(tmp_path, name) is Installed.SUBSTITUTE
        assert os.access(program(tmp_path, name), os.X_OK)


def test_an_official_plugin_is_left_alone(tmp_path):
    official = program(tmp_path, "kubernetes")
    official.parent.mkdir(parents=True)
    official.write_text("official")
    assert install(tmp_path, Path(sys.executable)) == ["docker"]
    assert official.read_text() == "official"
    assert installed(tmp_path, "kubernetes") is Installed.OFFICIAL
    assert uninstall(tmp_path) == ["docker"]


def test_an_interrupted_download_is_no_plugin(tmp_path):
    directory(tmp_path, "docker").mkdir(parents=True)
    assert installed(tmp_path, "docker") is Installed.MISSING


def test_a_second_time_writes_nothing_and_another_python_is_taken_up(tmp_path):
    install(tmp_path, Path(sys.executable))
    before = program(tmp_path, "docker").stat()
    install(tmp_path, Path(sys.executable))
    assert program(tmp_path, "docker").stat().st_ino == before.st_ino
    install(tmp_path, Path("/other/python"))
    assert "/other/python -P -m" in program(tmp_path, "docker").read_text()


def test_the_installed_plugin_runs_from_any_directory(tmp_path):
    install(tmp_path / "with space", Path(sys.executable), ["kubernetes"])
    (tmp_path / "yaml.py").write_text("raise SystemExit('taken from the working directory')")
    process = subprocess.Popen(
        [program(tmp_path / "with space", "kubernetes"), "127.0.0.1:1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert int(process.stdout.readline()) > 0
        process.send_signal(2)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.communicate()
