"""Alerts and the dashboard refer to metrics that the services have."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from app.factory import create_app as create_api
from app.settings import Settings as ApiSettings
from core.kernel import Kernel
from core.service import create_app as create_core
from core.settings import Settings as CoreSettings
from kaldra.paths import home
from kaldra.stack.kubernetes.monitoring import ALERTS, DASHBOARD
from serving.protocol import Connections
from tests.processes import ran


@pytest.fixture(scope="module")
def exposed() -> str:
    """Names of the services' metrics, as Prometheus reads them."""
    api = create_api(ApiSettings.load({"KALDRA_AUTH": "off"})).metrics
    core = create_core(CoreSettings.load({}), Kernel.load()).metrics
    for metrics in (api, core):
        Connections(1, metrics)
        metrics.observe("GET", "/status/", 200, 0.1)
    return "".join(generate_latest(each.registry).decode() for each in (api, core))


@pytest.mark.parametrize("path", [ALERTS, DASHBOARD], ids=lambda path: path.name)
def test_every_metric_exists(path, exposed):
    names = set(re.findall(r"kaldra_[a-z_]+", path.read_text(encoding="utf-8")))
    assert len(names) >= 4
    for name in names:
        family = name.removesuffix("_total")
        assert f"\n{name}" in exposed or f"# TYPE {family}_total counter" in exposed, name


@pytest.fixture
def promtool() -> str:
    """Prometheus' own tool: on PATH, or taken out of Debian's package of it."""
    if found := shutil.which("promtool"):
        return found
    folder = home() / "promtool"
    tool = folder / "usr" / "bin" / "promtool"
    if not tool.exists():
        if not shutil.which("apt-get"):
            pytest.skip("promtool is not on PATH, and apt-get is not available to download it")
        folder.mkdir(parents=True, exist_ok=True)
        done = ran("apt-get", "download", "prometheus", cwd=folder)
        if done.returncode:
            pytest.skip(f"promtool is not on PATH, nor in an archive: {done.stderr.strip()}")
        (package,) = folder.glob("prometheus_*.deb")
        subprocess.run(["/usr/bin/dpkg-deb", "--extract", package, folder], check=True)
        package.unlink()
    return str(tool)


def test_the_alerts_fire_when_they_should_and_only_then(promtool, tmp_path):
    for file in (ALERTS, Path(__file__).with_name("alerts_test.yaml")):
        shutil.copy(file, tmp_path)
    for command in ("check", "test"):
        file = ALERTS.name if command == "check" else "alerts_test.yaml"
        done = ran(promtool, command, "rules", file, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
