from collections.abc import Iterator

import pytest

from kaldra.plugins.docker.provider import DockerProvider
from kaldra.plugins.host import Host
from kaldra.plugins.protocol import provider_pb2
from kaldra.plugins.values import UNKNOWN, Props, Secret
from tests.platform.plugins.docker_fakes import STARTING, FakeEngine, engine_at
from tests.platform.plugins.engine import CallFailedError, Engine, serving, urn

URN = urn("docker:index/container:Container", "api")
NONE = provider_pb2.DiffResponse.DIFF_NONE
IMAGE = "sha256:one"


@pytest.fixture
def docker(tmp_path) -> Iterator[FakeEngine]:
    with engine_at(tmp_path / "docker.sock") as fake:
        fake.add_image("kaldra-api:dev", id_=IMAGE)
        fake.networks["kaldra"] = {"Id": "net-1", "Name": "kaldra"}
        yield fake


@pytest.fixture
def engine(docker, tmp_path) -> Iterator[Engine]:
    with serving(DockerProvider(Host())) as connected:
        connected.configure(host=f"unix://{tmp_path}/docker.sock")
        yield connected


@pytest.fixture
def wanted() -> Props:
    return {
        "name": "kaldra-api",
        "image": IMAGE,
        "user": "10001:10001",
        "envs": ["ENV=local", Secret("TOKEN=hunter22")],
        "ports": [{"internal": 8000, "external": 8000, "ip": "127.0.0.1"}],
        "networksAdvanced": [{"name": "kaldra", "aliases": ["kaldra-api"]}],
        "volumes": [{"hostPath": "/keys", "containerPath": "/etc/keys", "readOnly": True}],
        "readOnly": True,
        "tmpfs": {"/tmp": "size=64m,mode=1777"},  # noqa: S108  the container's own
        "capabilities": {"drops": ["ALL"]},
        "securityOpts": ["no-new-privileges:true"],
        "labels": [{"label": "io.kaldra.stack", "value": "local"}],
        "memory": 256,
        "cpus": "0.5",
        "healthcheck": {"tests": ["CMD", "true"], "interval": "5s", "retries": 3},
        "wait": True,
        "restart": "unless-stopped",
        "destroyGraceSeconds": 7,
        "logDriver": "json-file",
        "logOpts": {"max-size": "10m"},
    }


def make(engine: Engine, wanted: Props) -> tuple[str, Props, Props]:
    inputs = engine.check(URN, wanted)
    id_, state = engine.create(URN, inputs)
    return id_, inputs, state


def changed(
    engine: Engine, made: tuple[str, Props, Props], wanted: Props
) -> tuple[list[str], list[str]]:
    """Paths that change, and those of them that replace."""
    id_, inputs, state = made
    diff = engine.diff(URN, id_, (inputs, state), engine.check(URN, wanted, inputs))
    return list(diff.detailedDiff), list(diff.replaces)


def test_every_input_reaches_the_engine(engine, docker, wanted):
    make(engine, wanted)
    query, asked = docker.asked("POST", "/containers/create")[0]
    host = docker.containers["id-1"]["HostConfig"]
    assert query == {"name": "kaldra-api"}
    assert (asked["Image"], asked["User"]) == (IMAGE, "10001:10001")
    assert asked["Env"] == ["ENV=local", "TOKEN=hunter22"]
    assert asked["Labels"]["io.kaldra.stack"] == "local"
    assert asked["Healthcheck"]["Interval"] == 5_000_000_000
    assert host["PortBindings"] == {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}]}
    assert host["Binds"] == ["/keys:/etc/keys:ro"]
    assert host["Tmpfs"] == wanted["tmpfs"]
    assert (host["ReadonlyRootfs"], host["CapDrop"]) == (True, ["ALL"])
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert (host["Memory"], host["NanoCpus"]) == (256 * 1024 * 1024, 500_000_000)
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m"}}


def test_it_is_on_its_own_networks_alone(engine, docker, wanted):
    make(engine, wanted)
    assert list(docker.containers["id-1"]["NetworkSettings"]["Networks"]) == ["kaldra"]
    asked = docker.asked("POST", "/networks/kaldra/connect")[0][1]
    assert asked["EndpointConfig"]["Aliases"] == ["kaldra-api"]


def test_its_state_keeps_secrets_and_the_official_shape(engine, wanted):
    _, inputs, state = make(engine, wanted)
    assert state["envs"] == wanted["envs"]
    assert state["__meta"] == '{"schema_version":"2"}'
    assert (state["networkMode"], state["mustRun"], state["tty"]) == ("bridge", True, False)
    assert state["ports"][0]["protocol"] == "tcp"
    assert state["networkDatas"][0]["networkName"] == "kaldra"
    assert inputs["ports"][0]["__defaults"] == ["protocol"]
    assert "tty" not in inputs


def test_nothing_to_do_is_no_diff(engine, wanted):
    made = make(engine, wanted)
    assert changed(engine, made, wanted) == ([], [])
    assert engine.read(URN, made[0], made[1:]) == made[1:]


def test_order_and_spelling_are_no_difference(engine, wanted):
    made = make(engine, wanted)
    wanted["envs"] = wanted["envs"][::-1]
    wanted["cpus"] = "0.50"
    wanted["healthcheck"] |= {"interval": "5000ms", "timeout": "0s"}
    assert changed(engine, made, wanted) == ([], [])


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"image": "kaldra-api:other"}, "image"),
        ({"envs": ["ENV=other"]}, "envs"),
        ({"image": UNKNOWN}, "image"),
        ({"readOnly": False}, "readOnly"),
        ({"tmpfs": {"/run": "size=1m"}}, 'tmpfs["/run"]'),
        ({"healthcheck": {"tests": ["CMD", "false"]}}, "healthcheck.tests[1]"),
        ({"networksAdvanced": [{"name": "other"}]}, "networksAdvanced"),
        ({"logOpts": {"max-size": "1m"}}, "logOpts.max-size"),
    ],
)
def test_most_changes_replace(engine, wanted, change, path):
    made = make(engine, wanted)
    paths, replaces = changed(engine, made, {**wanted, **change})
    assert path in paths
    assert path in replaces


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({"restart": "always"}, {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}}),
        ({"memory": 512}, {"Memory": 512 * 1024 * 1024, "MemorySwap": 1024 * 1024 * 1024}),
        ({"cpus": "2"}, {"NanoCpus": 2_000_000_000}),
        ({"cpuShares": 512}, {"CpuShares": 512}),
    ],
)
def test_limits_and_restart_policy_change_in_place(engine, docker, wanted, change, sent):
    made = make(engine, wanted)
    wanted |= change
    assert changed(engine, made, wanted) == (list(change), [])
    news = engine.check(URN, wanted, made[1])
    state = engine.update(URN, made[0], made[1:], news)
    asked = docker.asked("POST", "/update")[0][1]
    assert sent.items() <= asked.items()
    assert state["id"] == made[0]
    assert changed(engine, (made[0], news, state), wanted) == ([], [])


def test_one_that_is_gone_is_made_again(engine, docker, wanted):
    made = make(engine, wanted)
    docker.containers.clear()
    assert engine.read(URN, made[0], made[1:]) is None
    assert changed(engine, made, wanted) == (["name"], ["name"])
    engine.delete(URN, made[0], made[1:])


def test_one_that_was_stopped_is_started(engine, docker, wanted):
    made = make(engine, wanted)
    docker.containers["id-1"]["State"] = {"Status": "exited", "Running": False, "ExitCode": 0}
    inputs, state = engine.read(URN, made[0], made[1:])
    assert (inputs["mustRun"], state["mustRun"]) == (False, False)
    assert changed(engine, made, wanted) == (["mustRun"], [])
    engine.update(URN, made[0], made[1:], made[1])
    assert docker.containers["id-1"]["State"]["Running"]


def test_changed_limits_are_found_and_set_back(engine, docker, wanted):
    made = make(engine, wanted)
    docker.containers["id-1"]["HostConfig"]["Memory"] = 64 * 1024 * 1024
    assert engine.read(URN, made[0], made[1:])[0]["memory"] == 64
    assert changed(engine, made, wanted) == (["memory"], [])


def test_a_rebuilt_image_rolls_out(engine, docker, wanted):
    wanted["image"] = "kaldra-api:dev"
    made = make(engine, wanted)
    docker.add_image("kaldra-api:dev", id_="sha256:two")
    assert changed(engine, made, wanted) == (["image"], ["image"])


def test_a_lost_network_is_joined_again(engine, docker, wanted):
    made = make(engine, wanted)
    docker.containers["id-1"]["NetworkSettings"]["Networks"].clear()
    assert changed(engine, made, wanted) == (["networksAdvanced"], ["networksAdvanced"])


def test_what_cannot_start_leaves_nothing(engine, docker, wanted):
    docker.refusals["/start"] = (500, "driver failed: Bind: port is already allocated")
    with pytest.raises(CallFailedError, match="refused to start container kaldra-api") as caught:
        make(engine, wanted)
    assert "Another program listens on port 8000" in str(caught.value)
    assert not docker.containers


def test_who_has_the_port_is_named(engine, docker, wanted):
    docker._create("rival", {"Image": IMAGE, "HostConfig": {}})
    docker.refusals["/start"] = (500, "Bind for 127.0.0.1:8000 failed: port is already allocated")
    with pytest.raises(CallFailedError, match="Container rival publishes port 8000"):
        make(engine, wanted)


def test_a_check_inside_tells_before_the_engines_first_one(engine, docker, wanted):
    docker.health = dict(STARTING)
    docker.probe_exit = 0
    make(engine, wanted)
    assert docker.asked("POST", "/exec")[0][1] == {"Cmd": ["true"]}


@pytest.mark.parametrize(
    ("state", "health", "reason"),
    [
        ({"Status": "exited", "Running": False, "ExitCode": 3}, STARTING, "ended, exit code 3"),
        (
            {"Status": "exited", "Running": False, "ExitCode": 137, "OOMKilled": True},
            STARTING,
            "out of memory",
        ),
        (
            {"Status": "running", "Running": True, "ExitCode": 0},
            {"Status": "unhealthy", "Log": [{"Output": "connection refused"}]},
            "is unhealthy",
        ),
        ({"Status": "running", "Running": True, "ExitCode": 0}, STARTING, "within 0.3 s"),
        ({"Status": "running", "Running": True, "ExitCode": 0}, None, "has no health check"),
    ],
)
def test_one_that_is_not_ready_is_kept_with_its_reasons(
    engine, docker, wanted, state, health, reason
):
    docker.state, docker.health = state, health
    wanted["waitTimeout"] = 0.3
    with pytest.raises(CallFailedError) as caught:
        make(engine, wanted)
    reasons = "\n".join(caught.value.failed.reasons)
    assert reason in reasons
    assert caught.value.failed.id == "id-1"
    assert caught.value.kept["envs"] == wanted["envs"]
    assert "hunter22" not in reasons
    if health is not None:
        assert "Traceback: no such table" in reasons


def test_one_that_keeps_ending_is_not_waited_for(engine, docker, wanted):
    docker.health = dict(STARTING)
    docker.state = {"Status": "restarting", "Running": True, "ExitCode": 1}
    create = docker._create

    def restarted(name, body):
        answer = create(name, body)
        docker.containers[answer[1]["Id"]]["RestartCount"] = 4
        return answer

    docker._create = restarted
    with pytest.raises(CallFailedError) as caught:
        make(engine, wanted)
    assert "keeps ending (4 restarts), exit code 1" in caught.value.failed.reasons[0]


def test_one_an_interrupted_run_left_is_replaced(engine, docker, wanted):
    make(engine, wanted)
    assert make(engine, wanted)[0] == "id-2"
    assert list(docker.containers) == ["id-2"]


def test_another_ones_of_the_same_name_is_left_alone(engine, docker, wanted):
    docker._create("kaldra-api", {"Image": IMAGE, "HostConfig": {}})
    with pytest.raises(CallFailedError, match="not this stack's"):
        make(engine, wanted)
    assert list(docker.containers) == ["id-1"]


def test_it_is_stopped_within_its_grace_period_then_removed(engine, docker, wanted):
    id_, inputs, state = make(engine, wanted)
    engine.delete(URN, id_, (inputs, state))
    assert docker.asked("POST", "/stop")[0][0] == {"t": "7"}
    assert not docker.containers


def test_an_image_that_is_not_here_is_pulled(engine, docker, wanted):
    wanted["image"] = "docker.io/library/nginx"
    make(engine, wanted)
    assert docker.asked("POST", "/images/create")[0][0]["tag"] == "latest"


def test_an_image_id_that_is_gone_cannot_be_pulled(engine, docker, wanted):
    docker.images.clear()
    with pytest.raises(CallFailedError, match="no longer in Docker"):
        make(engine, wanted)


def test_attached_it_runs_to_its_end(engine, docker, wanted):
    docker.state = {"Status": "exited", "Running": False, "ExitCode": 4}
    _, _, state = make(engine, {**wanted, "attach": True, "logs": True, "mustRun": False})
    assert state["exitCode"] == 4
    assert state["containerLogs"] == "Traceback: no such table"


@pytest.mark.parametrize(
    ("change", "property_"),
    [
        ({"image": None}, "image"),
        ({"restart": "sometimes"}, "restart"),
        ({"cpus": "half"}, "cpus"),
        ({"gpus": "all"}, "gpus"),
        ({"healthcheck": {"interval": "often"}}, "healthcheck.interval"),
        ({"volumes": [{"hostPath": "/x"}]}, "volumes[0]"),
        ({"ports": [{"internal": 80, "external": 70000}]}, "ports[0].external"),
    ],
)
def test_inputs_that_cannot_be_right(engine, wanted, change, property_):
    with pytest.raises(AssertionError) as caught:
        engine.check(URN, {**wanted, **change})
    assert [path for path, _ in caught.value.args[0]] == [property_]
