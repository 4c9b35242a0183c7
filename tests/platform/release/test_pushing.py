import pytest

from kaldra.errors import KaldraError
from kaldra.release import pushing

DIGEST = "sha256:" + "0a" * 32


@pytest.fixture
def push(docker_script):
    """Pushes with a docker client that prints a given text."""

    def push(text, code=0):
        docker_script(f"cat <<'E'\n{text}\nE\nexit {code}")
        return pushing.push("ghcr.io/o/kaldra-api:dev", "push")

    return push


def test_the_digest_is_what_docker_tells(push):
    said = f"5f70bf18a086: Pushed\ndev: digest: {DIGEST} size: 1"
    assert push(said) == DIGEST


UNREACHABLE = r"Registry ghcr\.io cannot be reached", "curl https://ghcr.io/v2/"
REFUSED = "refuses docker's credentials", "docker login ghcr.io"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io: no such host', UNREACHABLE),
        ("dial tcp 127.0.0.1:1: connect: connection refused", UNREACHABLE),
        ("http: server gave HTTP response to HTTPS client", UNREACHABLE),
        ("x509: certificate signed by unknown authority", UNREACHABLE),
        ("unauthorized: authentication required", REFUSED),
        ("denied: requested access to the resource is denied", REFUSED),
        ("no basic auth credentials", REFUSED),
        ("unexpected status from HEAD request to https://ghcr.io/v2/: 403 Forbidden", REFUSED),
    ],
)
def test_an_unreachable_registry_is_told_from_refused_credentials(push, said, told):
    message, hint = told
    with pytest.raises(KaldraError, match=message) as failure:
        push(said, 1)
    assert said in str(failure.value)
    assert failure.value.hint.endswith(hint)


def test_another_failure_keeps_its_words(push):
    with pytest.raises(KaldraError, match="no space left"):
        push("no space left on device", 1)


def test_a_push_without_a_digest_is_a_failure(push):
    with pytest.raises(KaldraError, match="without a digest"):
        push("done")
