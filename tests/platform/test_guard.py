"""What stands before Pulumi on PATH lets everything through but what writes secrets down."""

import shlex

import pytest

from kaldra.cli.workspace import GUARD
from tests.fakes.programs import program
from tests.processes import ran


@pytest.fixture
def run(tmp_path):
    """Runs the guard before a Pulumi that says what it was given."""
    pulumi = program(
        tmp_path / "pulumi", 'for argument; do printf "<%s>" "$argument"; done\nexit 7'
    )

    def call(*arguments, **variables):
        env = {"KALDRA_PULUMI": str(pulumi), **variables}
        return ran(GUARD / "pulumi", *arguments, env=env)

    return call


PASSED = (
    *("", "up --yes -s dev", "stack select v9", "up --stack=v=9", "up -yv3"),
    *("preview -v=8 --logtostderr", "preview -v 8", "preview --verbose=0"),
    *("whoami -v", "whoami --verbose --json"),
    *("config set a:b -- -v=9", "config set a:b 'two words' '*' ''"),
)


@pytest.mark.parametrize("words", PASSED)
def test_everything_else_is_pulumis_own(run, words):
    arguments = shlex.split(words)
    done = run(*arguments)
    assert (done.stdout, done.stderr) == ("".join(f"<{a}>" for a in arguments), "")
    assert done.returncode == 7


LEVELS = (
    *("-v=9", "-v9", "-v 9", "-v=11", "--verbose=10", "--verbose 9"),
    *("-yv9", "-yfv=9", "-yv 9", "-v=1 -v=9"),
)
TRACES = ("--tracing=file:./trace", "--tracing file:./trace", "--otel-traces=file://t")


@pytest.mark.parametrize("arguments", [*LEVELS, *TRACES])
def test_what_writes_secrets_down_is_refused(run, arguments):
    done = run("up", "--yes", *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert "secrets of the stack down in plain text" in done.stderr
    assert "KALDRA_PLAIN_SECRETS=1 pulumi" in done.stderr
    assert run("up", *arguments.split(), KALDRA_PLAIN_SECRETS="1").returncode == 7


@pytest.mark.parametrize(
    "variable",
    [
        "PULUMI_DEBUG_GRPC=/tmp/log",
        "PULUMI_OPTION_TRACING=file:./trace",
        "PULUMI_OPTION_OTEL_TRACES=file://t",
        "PULUMI_OPTION_VERBOSE=9",
    ],
)
def test_variables_that_ask_for_the_same_are_refused(run, variable):
    name, _, value = variable.partition("=")
    assert run("up", **{name: value}).returncode == 2
    assert run("up", **{name: value}, KALDRA_PLAIN_SECRETS="1").returncode == 7
    assert run("up", **{name: ""}).returncode == 7


def test_a_quiet_level_from_a_variable_is_pulumis_own(run):
    assert run("up", PULUMI_OPTION_VERBOSE="8").returncode == 7
