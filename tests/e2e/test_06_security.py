"""Secrets stay secret, and what runs may do little."""

import functools
import json
import secrets
from pathlib import Path

from tests.e2e.clone import Clone, eventually
from tests.e2e.traces import ENGINE_LOG, places, told

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


def test_the_key_is_where_it_is_needed_and_nowhere_else(platform: Clone):
    """And no image has one of the authorities that this machine trusts."""
    files = LOCAL_AUTHORITIES.glob("**/*.crt")
    authorities = {str(file): file.read_text().splitlines()[1] for file in files}
    images, key = {*platform.images().values()}, {"key": platform.key}
    found = {
        place: told(content, {**key, **authorities} if place in images else key)
        for place, content in places(platform)
    }
    giving_away = {place for place, names in found.items() if names}
    assert giving_away == {"dev-secrets.json", "inside of kaldra-api"}
    assert {"history", "logs"} <= {path.name for path in platform.state.rglob("*")}


def test_a_changed_key_is_in_no_log_of_the_engine_or_the_services(breakable: Clone):
    kept, new = breakable.state / "dev-secrets.json", secrets.token_urlsafe(32)
    keys = {"old": breakable.key, "new": new}
    with breakable.configured("logLevel: DEBUG"):
        before = kept.read_text()
        kept.write_text(json.dumps({"apiKeys": {"dev": new}}))
        try:
            said = breakable.shell(EVERY_VERB)
            for key, code in ((new, 200), (keys["old"], 401)):
                eventually(functools.partial(answers, breakable, key, code), f"{code}")
            logs = breakable.kaldra("logs", "--json")
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
    refused = platform.shell(verbose, code=2)
    assert "Log level 9 makes Pulumi write the secrets of the stack down" in refused
    assert told(refused.encode(), {"key": platform.key}) == []
    log = platform.root.parent / "engine.log"
    platform.shell(f"KALDRA_PLAIN_SECRETS=1 {verbose} 2> '{log}'")
    assert told(log.read_bytes(), {"key": platform.key}) == ["key"]
    log.unlink()


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
