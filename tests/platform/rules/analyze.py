"""The engine's side of a policy pack: `analyze.py PACK < resources`, faults on standard output.

Starts the pack as the language host does and asks it over gRPC. Standard library, pulumi and grpc
only, so that it runs in the pack's own environment. A resource is {"type", "name", "properties"};
a fault is {"policy", "urn", "message"}.
"""

import json
import subprocess
import sys

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc


def ask(port, resources):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        pack = analyzer_pb2_grpc.AnalyzerStub(channel)
        known = [p.name for p in pack.GetAnalyzerInfo(empty_pb2.Empty()).policies]
        asked = []
        for resource in resources:
            asked.append(analyzer_pb2.AnalyzerResource(
                type=resource["type"],
                name=resource["name"],
                urn=f"{resource['type']}::{resource['name']}",
            ))  # fmt: skip
            json_format.ParseDict(resource["properties"], asked[-1].properties)
        answers = [
            pack.Analyze(analyzer_pb2.AnalyzeRequest(
                type=r.type, name=r.name, urn=r.urn, properties=r.properties,
            ))
            for r in asked
        ]  # fmt: skip
        answers.append(pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=asked)))
    faults = [
        {"policy": d.policyName, "urn": d.urn, "message": d.message}
        for answer in answers
        for d in answer.diagnostics
    ]
    return {"policies": known, "faults": faults}


def main(pack):
    with subprocess.Popen([sys.executable, pack], stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(process.stdout.readline())
            json.dump([ask(port, stack) for stack in json.load(sys.stdin)], sys.stdout)
        finally:
            process.kill()


if __name__ == "__main__":
    main(sys.argv[1])
