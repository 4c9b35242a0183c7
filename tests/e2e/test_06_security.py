"""Secrets stay secret, and what runs may do little."""

import base64
import json
import secrets
from pathlib import Path

from tests.e2e.clone import Clone
from tests.e2e.docker import saved

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


def test_the_key_of_the_stack_opens_the_engine(platform: Clone):
    assert platform.get("/engine/vocabulary/archetypes")[0] == 401
    assert platform.get("/engine/vocabulary/archetypes", X_API_Key=platform.key)[0] == 200


def test_the_key_is_in_no_state_export_log_or_output(platform: Clone):
    traces = spellings(platform.key)
    kept = {platform.state / "dev-secrets.json"}
    files = [p for p in platform.state.rglob("*") if p.is_file() and not p.is_symlink()]
    assert [p for p in files if p not in kept and has(p.read_bytes(), traces)] == []
    assert not has(platform.shell("pulumi stack export").output.encode(), traces)
    assert not has(platform.kaldra("logs").output.encode(), traces)
    assert not has("\n".join(platform.transcript).encode(), traces)


def test_a_changed_key_is_not_shown_by_preview(breakable: Clone):
    kept, new = breakable.state / "dev-secrets.json", secrets.token_urlsafe(32)
    before, old = kept.read_text(), breakable.key
    kept.write_text(json.dumps({"apiKeys": {"dev": new}}))
    try:
        said = breakable.kaldra("preview").output
    finally:
        kept.write_text(before)
    assert "kaldra-api-api-keys" in said
    assert not has(said.encode(), spellings(old) + spellings(new))


def test_the_images_hold_neither_the_key_nor_the_hosts_authorities(platform: Clone):
    traces = spellings(platform.key)
    for authority in LOCAL_AUTHORITIES.glob("**/*.crt"):
        traces.append(authority.read_bytes().split(b"\n")[1])
    for name in ("kaldra-api", "kaldra-core"):
        deployed = platform.objects("deployments")[name]
        image = deployed["spec"]["template"]["spec"]["containers"][0]["image"]
        assert not has(saved(image), traces)


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


def spellings(key: str) -> list[bytes]:
    """A secret as it is, and as Kubernetes writes it down."""
    return [key.encode(), base64.b64encode(key.encode()).rstrip(b"=")]


def has(content: bytes, traces: list[bytes]) -> bool:
    return any(trace in content for trace in traces)
