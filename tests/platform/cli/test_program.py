"""The program as Pulumi runs it here: its engine is one of the test's own."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime import proto

from kaldra.cli import program

CONFIG = MappingProxyType({"kaldra:target": "dev"})


class Engine(proto.EngineServicer, proto.ResourceMonitorServicer):
    """Takes what the program declares and what it says."""

    def __init__(self):
        self.said, self.outputs = [], {}
        self.server = grpc.server(ThreadPoolExecutor())
        proto.add_EngineServicer_to_server(self, self.server)
        proto.add_ResourceMonitorServicer_to_server(self, self.server)
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def Log(self, request, context):  # noqa: N802
        if request.severity != proto.DEBUG:
            self.said.append(request.message)
        return empty_pb2.Empty()

    def GetDeploymentInfo(self, request, context):  # noqa: N802
        return proto.DeploymentInfo()

    def SignalAndWaitForShutdown(self, request, context):  # noqa: N802
        return empty_pb2.Empty()

    def RegisterResource(self, request, context):  # noqa: N802
        return proto.RegisterResourceResponse(urn=f"urn:{request.name}", object=request.object)

    def RegisterResourceOutputs(self, request, context):  # noqa: N802
        self.outputs.update(request.outputs)
        return empty_pb2.Empty()

    def run(self, client, config=CONFIG):
        """What Pulumi does with its option `--client`."""
        with grpc.insecure_channel(client.removeprefix("--client=")) as channel:
            host = proto.LanguageRuntimeStub(channel)
            return host.Run(
                proto.RunRequest(
                    project="kaldra",
                    stack="try",
                    args=[self.address],
                    monitor_address=self.address,
                    config=config,
                    parallel=4,
                )
            )


@pytest.fixture
def engine():
    engine = Engine()
    yield engine
    engine.server.stop(None)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The program, which a test writes."""
    monkeypatch.setattr(program, "PROGRAM", str(tmp_path / "__main__.py"))
    return tmp_path / "__main__.py"


def test_the_program_has_the_variables_and_the_settings_of_the_stack(engine, file, monkeypatch):
    file.write_text(
        "import os, pulumi\n"
        "pulumi.export('image', os.environ['KALDRA_BASE_IMAGE'])\n"
        "pulumi.export('target', pulumi.Config('kaldra').get('target'))\n"
    )
    monkeypatch.setenv("KALDRA_BASE_IMAGE", "none")
    with program.served({"KALDRA_BASE_IMAGE": "base:1"}) as client:
        # More than once: `up` may refresh first.
        for target in ("dev", "local"):
            assert not engine.run(client, {"kaldra:target": target}).bail
            assert engine.outputs == {"image": "base:1", "target": target}
    assert os.environ["KALDRA_BASE_IMAGE"] == "none"
    assert engine.said == []


def test_a_wrong_setting_is_a_message(engine):
    with program.served({}) as client:
        assert engine.run(client, {"kaldra:target": "moon"}).bail
    assert len(engine.said) == 1
    assert engine.said[0].startswith("Setting kaldra:target in Pulumi.try.yaml is wrong")


def test_a_program_that_fails_is_told_from_its_own_lines_on(engine, file):
    file.write_text("import json\n\njson.loads('{')\n")
    with program.served({}) as client:
        assert engine.run(client).bail
    head, traceback, line, *_, last = engine.said[0].splitlines()
    assert head == "Program failed with an unhandled exception:"
    assert traceback == "Traceback (most recent call last):"
    assert line == f'  File "{file}", line 3, in <module>'
    assert last.startswith("json.decoder.JSONDecodeError: ")


def test_verbs_import_pulumi_only_where_they_run_the_program():
    verbs = ", ".join(f"kaldra.cli.{verb}" for verb in ("down", "env", "preview", "status", "up"))
    code = f"import sys, {verbs}; 'pulumi' in sys.modules and sys.exit('it is imported')"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
