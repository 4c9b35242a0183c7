import os

import pytest

from app import auth
from app.settings import Settings
from serving.errors import ApiError
from serving.settings import SettingsError
from tests.app.conftest import KEY, KEYS
from tests.fakes import cores

SIGNAL = "/engine/kaldra/signal"
PIPE = "a pipe"
VOCABULARY = "/engine/vocabulary/states"
GUARDED = (
    VOCABULARY,
    SIGNAL,
    "/engine/kaldra/batch",
    "/engine/kaldra/window",
    "/alpha/analyze",
    "/geo/analyze",
    "/product/analyze",
    "/safeguard/evaluate",
)


@pytest.mark.parametrize("path", GUARDED)
def test_no_key(gateway, path):
    method = "GET" if path == VOCABULARY else "POST"
    answer = gateway(cores.answering).request(method, path, json={"text": "x"})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"
    assert answer.headers["www-authenticate"].startswith("ApiKey")


@pytest.mark.parametrize("key", ["wrong", KEYS["front-end"][:-1], KEYS["front-end"] + "x", "\xe9"])
def test_a_wrong_key(gateway, key):
    headers = {b"X-API-Key": key.encode("latin-1")}
    answer = gateway(cores.answering).post(SIGNAL, json={"text": "x"}, headers=headers)
    assert answer.status_code == 401
    assert key not in answer.text


def test_the_key_is_checked_before_the_body_is_parsed(gateway):
    headers = {"Content-Type": "application/json"}
    answer = gateway(cores.answering).post(SIGNAL, content=b"{not json", headers=headers)
    assert answer.status_code == 401


def test_open_routes_need_no_key(gateway):
    client = gateway(cores.away)
    for path in ("/health", "/ready", "/status/", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 200


def test_without_keys_nobody_is_served():
    callers = auth.load(Settings.load({}))
    assert callers is not None
    with pytest.raises(Exception, match="missing"):
        callers.identify(None)
    with pytest.raises(Exception, match="not known"):
        callers.identify("anything")


def test_every_key_is_compared_whichever_fits(keys_directory, monkeypatch):
    compared: list[bytes] = []

    def compare(first: bytes, second: bytes) -> bool:
        compared.append(second)
        return first == second

    monkeypatch.setattr("app.auth.hmac.compare_digest", compare)
    assert auth.Callers(keys_directory).identify(KEYS["front-end"]) == "front-end"
    assert len(compared) == len(KEYS)


def test_changed_keys_are_read_again_and_unusable_ones_are_not(keys_directory, caplog):
    now = 0.0
    callers = auth.Callers(keys_directory, lambda: now)
    new = "another-key-0123456789"
    (keys_directory / "another").write_text(new)
    with pytest.raises(ApiError):
        callers.identify(new)
    now += auth.CHECK_SECONDS
    assert callers.identify(f"{new} ") == "another"
    (keys_directory / "another").write_text("short")
    for _ in range(2):
        now += auth.CHECK_SECONDS
        assert callers.identify(new) == "another"
    (record,) = caplog.records
    assert record.getMessage() == "changed keys are not used"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "holds no key"),
        ({"a": "tiny"}, "the key of 'a' is shorter than 16 characters"),
        ({"a": "x" * 9000}, "the key of 'a' is longer than 8192 characters"),
        ({"a": "0123456789abcdef", "b": "0123456789abcdef"}, "two callers have the same key"),
        ({"a": "0123456789abcdé-"}, "a key is not ASCII text"),
        ({"a": PIPE}, r"'a' in .* is not a regular file"),
        (None, "cannot be read: No such file"),
    ],
)
def test_unusable_keys_stop_the_start(tmp_path, files, expected):
    directory = tmp_path / "keys"
    if files is not None:
        directory.mkdir()
    for name, key in (files or {}).items():
        if key is PIPE:
            os.mkfifo(directory / name)
        else:
            (directory / name).write_text(key, encoding="utf-8")
    with pytest.raises(SettingsError, match=expected) as caught:
        auth.load(Settings.load({"KALDRA_API_KEYS_DIR": str(directory)}))
    assert not any(key in str(caught.value) for key in (files or {}).values())


def test_the_caller_is_in_no_answer(gateway):
    answer = gateway(cores.answering).post(SIGNAL, json={"text": "x"}, headers=KEY)
    assert "front-end" not in answer.text + str(answer.headers)
