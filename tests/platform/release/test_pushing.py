import pytest

from kaldra.errors import KaldraError
from kaldra.release import pushing
from tests.fakes.programs import program

DIGEST = "sha256:" + "0a" * 32


def docker(tmp_path, text, code=0):
    """A docker client that says what it is told to."""
    return program(tmp_path / "docker", f"[ $1 = tag ] || {{ cat <<'E'\n{text}\nE\nexit {code}; }}")


def push(client):
    return pushing.push(client, "kaldra-api:dev", "ghcr.io/o/kaldra-api:dev", lambda _: None)


def test_the_digest_is_what_docker_tells(tmp_path):
    said = f"5f70bf18a086: Pushed\ndev: digest: {DIGEST} size: 1"
    assert push(docker(tmp_path, said)) == DIGEST


@pytest.mark.parametrize(
    "said",
    [
        'Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io: no such host',
        "dial tcp 127.0.0.1:1: connect: connection refused",
        "http: server gave HTTP response to HTTPS client",
        "x509: certificate signed by unknown authority",
    ],
)
def test_an_unreachable_registry_is_told_from_refused_credentials(tmp_path, said):
    with pytest.raises(KaldraError, match=r"Registry ghcr\.io cannot be reached") as failure:
        push(docker(tmp_path, said, 1))
    assert said in str(failure.value)


@pytest.mark.parametrize(
    "said",
    [
        "unauthorized: authentication required",
        "denied: requested access to the resource is denied",
        "no basic auth credentials",
        "unexpected status from HEAD request to https://ghcr.io/v2/: 403 Forbidden",
    ],
)
def test_refused_credentials_name_the_way_to_give_them(tmp_path, said):
    with pytest.raises(KaldraError, match="refuses docker's credentials") as failure:
        push(docker(tmp_path, said, 1))
    assert failure.value.hint == "docker login ghcr.io"


def test_another_failure_keeps_its_words(tmp_path):
    with pytest.raises(KaldraError, match="no space left"):
        push(docker(tmp_path, "no space left on device", 1))


def test_a_push_without_a_digest_is_a_failure(tmp_path):
    with pytest.raises(KaldraError, match="without a digest"):
        push(docker(tmp_path, "done"))
