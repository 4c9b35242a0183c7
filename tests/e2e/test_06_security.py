"""Secrets stay secret, and what runs may do little."""

import functools
import json
import secrets
from pathlib import Path

from tests.e2e.clone import Clone, eventually
from tests.e2e.docker import docker, saved
from tests.e2e.traces import ALL_SEEN, ENGINE_LOG, spellings, told, unpacked

LOCAL_AUTHORITIES = Path("/usr/local/share/ca-certificates")
NOT_NEEDED = ("gcc", "cc", "ld", "make", "pip", "pip3", "curl", "git")
LOOK_AROUND = f"""
import importlib.util, json, os, pathlib, shutil
def writes(folder):
    try:
        pathlib.Path(folder, "probe").touch()
    except OSError:
        return False
    return True
print(json.dumps({{
    "user": [os.getuid(), os.getgid()],
    "writes": [folder for folder in ("/", "/srv", "/opt", "/etc", "/tmp") if writes(folder)],
    "tools": [tool for tool in {NOT_NEEDED} if shutil.which(tool)],
    "pip": importlib.util.find_spec("pip") is not None,
    "token": os.path.exists("/var/run/secrets/kubernetes.io"),
    "capabilities": [l.split()[1] for l in open("/proc/self/status") if l.startswith("CapBnd")],
}}))
"""
EVERY_VERB = f"""
pulumi up --yes --non-interactive {ENGINE_LOG}
pulumi refresh --yes --non-interactive {ENGINE_LOG}
pulumi destroy --preview-only --non-interactive {ENGINE_LOG}
"""


def test_the_key_is_in_no_state_export_log_or_output(platform: Clone):
    key = {"key": platform.key}
    kept = {platform.state / "dev-secrets.json"}
    files = [p for p in platform.state.rglob("*") if p.is_file() and not p.is_symlink()]
    assert {"history", "logs"} <= {part for p in files for part in p.parts}
    assert [p for p in files if p not in kept and told(unpacked(p), key)] == []
    exported = platform.shell("pulumi stack export; pulumi stack output").output
    assert told(exported.encode(), key) == []
    assert told(platform.kaldra("logs").output.encode(), key) == []
    assert told("\n".join(platform.transcript).encode(), key) == []


def test_a_changed_key_is_in_no_log_of_the_engine_or_the_services(breakable: Clone):
    kept, new = breakable.state / "dev-secrets.json", secrets.token_urlsafe(32)
    keys = {"old": breakable.key, "new": new}
    with breakable.configured("logLevel: DEBUG"):
        before = kept.read_text()
        kept.write_text(json.dumps({"apiKeys": {"dev": new}}))
        try:
            said = breakable.shell(EVERY_VERB).output
            for key, code in ((new, 200), (keys["old"], 401)):
                eventually(functools.partial(answers, breakable, key, code), f"{code}")
            logs = breakable.kaldra("logs", "--json").output
        finally:
            kept.write_text(before)
    for verb in ("Update", "Refresh", "Destroy"):
        assert f"*** Starting {verb}(" in said
    assert told(said.encode(), keys) == []
    assert '"DEBUG"' in logs
    assert told(logs.encode(), keys) == []


def test_a_log_that_would_hold_the_key_is_refused(platform: Clone):
    """docs/how-to/secrets.md; and the search does find a key that is there."""
    verbose = f"pulumi preview --non-interactive {ENGINE_LOG.replace('-v=8', '-v=9')}"
    refused = platform.shell(verbose, code=2).output
    assert "Log level 9 makes Pulumi write the secrets of the stack down" in refused
    assert told(refused.encode(), {"key": platform.key}) == []
    log = platform.root.parent / "engine.log"
    platform.shell(f"KALDRA_PLAIN_SECRETS=1 {verbose} 2> '{log}'")
    assert told(log.read_bytes(), {"key": platform.key}) == ["key"]
    log.unlink()


def test_the_key_is_in_no_other_object_and_no_environment(platform: Clone):
    key = {"key": platform.key}
    everything = platform.kubectl("get", "pods,deployments,configmaps,events", "--output=yaml")
    assert told(everything.encode(), key) == []
    for service in ("kaldra-api", "kaldra-core"):
        seen = platform.kubectl("exec", f"deployment/{service}", "--", "python3", "-c", ALL_SEEN)
        assert told(seen.encode(), key) == (["key"] if service == "kaldra-api" else [])
        printed = platform.kubectl("exec", f"deployment/{service}", "--", "printenv")
        assert told(printed.encode(), key) == []


def test_the_images_hold_neither_the_key_nor_the_hosts_authorities(platform: Clone):
    traces = spellings(platform.key)
    for authority in LOCAL_AUTHORITIES.glob("**/*.crt"):
        traces.append(authority.read_bytes().split(b"\n")[1])
    for image in platform.images().values():
        whole = saved(image)
        assert [trace for trace in traces if trace in whole] == []
        assert told(docker("history", "--no-trunc", image).encode(), {"key": platform.key}) == []


def test_the_services_run_with_nothing_they_do_not_need(platform: Clone):
    for service in ("kaldra-api", "kaldra-core"):
        said = platform.kubectl("exec", f"deployment/{service}", "--", "python3", "-c", LOOK_AROUND)
        assert json.loads(said) == {
            "user": [10001, 10001],
            "writes": ["/tmp"],  # noqa: S108  the container's own
            "tools": [],
            "pip": False,
            "token": False,
            "capabilities": ["0000000000000000"],
        }


def test_the_namespace_refuses_a_privileged_pod(platform: Clone):
    pod = ("run", "intruder", "--image=kaldra-api", "--privileged", "--restart=Never")
    assert 'violates PodSecurity "restricted' in platform.kubectl(*pod, code=1)


def answers(platform: Clone, key: str, code: int) -> bool:
    return platform.get("/engine/vocabulary/archetypes", X_API_Key=key)[0] == code
