import pytest

from kaldra.errors import KaldraError
from kaldra.release import pushing

DIGEST = "sha256:" + "0a" * 32


@pytest.fixture
def push(docker_script):
    """Pushes with a docker client that says what it is told to."""

    def push(text, code=0):
        docker_script(f"[ $1 = tag ] || {{ cat <<'E'\n{text}\nE\nexit {code}; }}")
        return pushing.push("kaldra-api:dev", "ghcr.io/o/kaldra-api:dev", lambda _: None)

    return push


def test_the_digest_is_what_docker_tells(push):
    said = f"5f70bf18a086: Pushed\ndev: digest: {DIGEST} size: 1"
    assert push(said) == DIGEST


@pytest.mark.parametrize(
    "said",
    [
        'Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io: no such host',
        "dial tcp 127.0.0.1:1: connect: connection refused",
        "http: server gave HTTP response to HTTPS client",
        "x509: certificate signed by unknown authority",
    ],
)
def test_an_unreachable_registry_is_told_from_refused_credentials(push, said):
    with pytest.raises(KaldraError, match=r"Registry ghcr\.io cannot be reached") as failure:
        push(said, 1)
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
def test_refused_credentials_name_the_way_to_give_them(push, said):
    with pytest.raises(KaldraError, match="refuses docker's credentials") as failure:
        push(said, 1)
    assert failure.value.hint == "docker login ghcr.io"


def test_another_failure_keeps_its_words(push):
    with pytest.raises(KaldraError, match="no space left"):
        push("no space left on device", 1)


def test_a_push_without_a_digest_is_a_failure(push):
    with pytest.raises(KaldraError, match="without a digest"):
        push("done")
