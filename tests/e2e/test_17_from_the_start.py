"""What docs/how-to/recover.md says of a state that is given up, with the names of these tests."""

from tests.e2e.clone import NAME, STACK, Clone
from tests.e2e.docker import leftovers

LOST = (
    f"docker rm -f -v {NAME}-control-plane {NAME}-registry",
    f"docker volume rm {NAME}-registry {NAME}-finished",
    f"docker network rm {NAME}",
    "rm -r .kaldra",
    f"./kaldra up --stack {STACK}",
)
FROM_THE_START = (
    f"./kaldra down --stack {STACK} --all",
    "rm -rf .kaldra .venv .venv.lock",
    f"./kaldra up --stack {STACK}",
)
MARKS = "ls .kaldra/pulumi/plugins/*/kaldra-substitute"


def test_a_state_without_its_passphrase_is_given_up(breakable: Clone):
    (breakable.state / "passphrase").unlink()
    said = breakable.kaldra("up", code=2).output
    assert f"The passphrase of stack {STACK} is missing" in said
    breakable.run("bash", "-euc", "\n".join(LOST))
    assert breakable.get("/status/")[0] == 200
    breakable.kaldra("preview", "--expect-no-changes")


def test_everything_is_made_from_the_start(breakable: Clone):
    *away, up = FROM_THE_START
    breakable.run("bash", "-euc", "\n".join(away))
    assert [name for name in leftovers() if "local" not in name] == []
    breakable.run("bash", "-euc", up)
    assert not (breakable.root / ".venv").is_symlink()
    assert breakable.get("/status/")[0] == 200
    breakable.settled = True


def test_a_substitute_plugin_is_told_from_an_official_one(platform: Clone):
    """By the file that docs/reference/plugins.md names, and by what each run says."""
    announced = "Substitute provider plugins in use" in platform.kaldra("preview").output
    listed = platform.run("bash", "-c", MARKS, code=0 if announced else None).output
    assert listed.count("/kaldra-substitute\n") == (2 if announced else 0)
