"""The environment of every process that the command line starts: what is listed here, no more.

`bootstrap.py` calls `enter` before anything else is imported: the command line itself then runs in
the clean environment, and every process that it starts inherits it. Standard library only.
"""

import os
import pwd
from collections.abc import Iterator, Mapping
from pathlib import Path

from kaldra import variables
from kaldra.paths import REPO

PASSED = {
    "the user and the terminal": "USER LOGNAME SHELL TZ TERM COLUMNS LINES NO_COLOR",
    "where every program keeps its settings, caches and sockets": (
        "HOME TMPDIR XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_RUNTIME_DIR"
    ),
    "completion, in the user's shell": "_KALDRA_COMPLETE _TYPER_COMPLETE* COMP_*",
    "a Python that is linked to libraries outside the system's": "LD_LIBRARY_PATH",
    "this command line, and the services of `serve` and of `local` stacks": (
        "KALDRA_* ENV API_* CORE_*"
    ),
    "everything that downloads": (
        f"{' '.join(one.name for one in variables.PROXIES)} all_proxy ALL_PROXY"
    ),
    "everything that downloads: certificate authorities, accounts": (
        f"{' '.join(one.name for one in variables.AUTHORITIES)} "
        "SSL_CERT_DIR NIX_SSL_CERT_FILE NETRC"
    ),
    "pip and uv: which package index, and how it is reached": (
        "PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_NO_INDEX PIP_TRUSTED_HOST "
        "PIP_CLIENT_CERT PIP_PROXY PIP_KEYRING_PROVIDER PIP_TIMEOUT PIP_DEFAULT_TIMEOUT "
        "PIP_RETRIES PIP_CONFIG_FILE PIP_CACHE_DIR UV_INDEX_URL UV_EXTRA_INDEX_URL "
        "UV_DEFAULT_INDEX UV_INDEX UV_FIND_LINKS UV_INSECURE_HOST UV_KEYRING_PROVIDER "
        "UV_HTTP_TIMEOUT UV_CACHE_DIR"
    ),
    "Go: which module proxy and checksum database": (
        "GOPROXY GONOPROXY GOPRIVATE GOSUMDB GONOSUMDB GOINSECURE GOAUTH GOVCS"
    ),
    "Docker: which engine, and which accounts at registries": (
        "DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS_VERIFY "
        "DOCKER_AUTH_CONFIG SSH_AUTH_SOCK"
    ),
    "Docker's credential helpers": (
        "DBUS_SESSION_BUS_ADDRESS GNUPGHOME GPG_TTY PASSWORD_STORE_DIR"
    ),
    "git: settings of continuous integration": "GIT_CONFIG_*",
    "`staging` stacks whose file names no kubeconfig": "KUBECONFIG",
    "Pulumi: secrets, backend and conflicts of `staging` stacks": (
        "PULUMI_CONFIG_PASSPHRASE PULUMI_CONFIG_PASSPHRASE_FILE PULUMI_ACCESS_TOKEN "
        "PULUMI_K8S_ENABLE_PATCH_FORCE"
    ),
    "`staging` stacks: credentials of state backends, key services and clusters": (
        "AWS_* AZURE_* ARM_* GOOGLE_* CLOUDSDK_* VAULT_* USE_GKE_GCLOUD_AUTH_PLUGIN "
        "IDENTITY_ENDPOINT IDENTITY_HEADER MSI_ENDPOINT MSI_SECRET"
    ),
}
"""Variables passed on from the caller, by purpose; `NAME*` stands for all that begin so.

Besides these only `PATH`, without entries that are relative or this clone's own.
"""

SET = {
    # Programs are driven by what they print: in English, and in UTF-8.
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
    # No module in a current folder is imported instead of the one that is meant.
    "PYTHONSAFEPATH": "1",
    # What a pip.conf may say otherwise, and would install elsewhere or not at all.
    "PIP_USER": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
    # pip would look for a newer pip each time.
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}
"""The same for every process."""

FILES = frozenset(
    {
        *("KALDRA_HOME", "KALDRA_STATE", "KALDRA_ENV_FILE", "KALDRA_API_KEYS_DIR"),
        *("SSL_CERT_FILE", "NIX_SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("CURL_CA_BUNDLE", "NETRC", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_CONFIG_FILE"),
        *("PIP_CACHE_DIR", "UV_CACHE_DIR", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "KUBECONFIG"),
        *("PULUMI_CONFIG_PASSPHRASE_FILE", "GNUPGHOME", "PASSWORD_STORE_DIR"),
        *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        *("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "AZURE_CONFIG_DIR"),
    }
)
"""Paths: relative ones are made absolute, as processes run in other folders."""

LISTS = ("KUBECONFIG", "SSL_CERT_DIR")
"""Those of them that hold several paths, as PATH does."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Reached without any proxy: the gateway, the registry and the API server of a dev cluster."""

SYSTEM_FOLDERS = (
    *("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"),
    "/opt/homebrew/bin",
)
"""Searched last: a user's PATH may lack the folder of dockerd or apt-get."""

UMASK = 0o022
"""Files are readable to the user that a service runs as; secrets have modes of their own."""


def enter() -> None:
    """Replace this process' environment, umask and, where it was removed, its current folder."""
    os.umask(UMASK)
    try:
        folder = Path.cwd()
    except OSError:
        folder = REPO
        os.chdir(folder)
    made = clean(os.environ, folder)
    os.environ.clear()
    os.environ.update(made)


def clean(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment made from a caller's; `folder` is what relative paths are relative to.

    An empty variable counts as unset.
    """
    passed = {
        name: os.pathsep.join(_absolute(path, folder) for path in _paths(name, value))
        if name in FILES
        else value
        for name, value in given.items()
        if value and is_passed(name)
    }
    state = passed.get("KALDRA_STATE", str(REPO / ".kaldra"))
    if not Path(passed.get("HOME", "")).is_absolute():
        passed["HOME"] = _home_of_user() or state
    temporary = passed.get("TMPDIR", "")
    if not (Path(temporary).is_absolute() and os.access(temporary, os.W_OK | os.X_OK)):
        passed.pop("TMPDIR", None)
    path = search_path(given.get("PATH", ""), state)
    return {**passed, **without_proxy(given=passed), **SET, "PATH": path}


def is_passed(name: str) -> bool:
    """Whether a variable of the caller's is passed on."""
    return name in _NAMES or name.startswith(_PREFIXES)


def named_files(given: Mapping[str, str] = os.environ) -> Iterator[tuple[str, Path]]:
    """Variable and path of each file or folder that an environment names."""
    for name in sorted(FILES):
        for path in filter(None, _paths(name, given.get(name, ""))):
            yield name, Path(path)


def search_path(given: str, state: str) -> str:
    """PATH without relative folders and without those that this clone itself puts there."""
    own = {str(REPO / "platform/kaldra/guard"), str(REPO / ".venv/bin"), f"{state}/bin"}
    folders = [f.rstrip("/") or "/" for f in given.split(os.pathsep) if f.startswith("/")]
    kept = [folder for folder in folders if folder not in own]
    return os.pathsep.join(dict.fromkeys((*kept, *SYSTEM_FOLDERS)))


def without_proxy(*hosts: str, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`NO_PROXY` in both spellings, with this machine and `hosts`; empty where no proxy is set."""
    if not any(name.lower().endswith("_proxy") for name in given):
        return {}
    named = f"{given.get('no_proxy', '')},{given.get('NO_PROXY', '')}".split(",")
    known = dict.fromkeys(each.strip() for each in (*named, *LOOPBACK, *hosts) if each.strip())
    return dict.fromkeys(("no_proxy", "NO_PROXY"), ",".join(known))


def _home_of_user() -> str:
    """The home of this process' user; empty where the user is only a number, as in containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _paths(name: str, value: str) -> list[str]:
    return value.split(os.pathsep) if name in LISTS else [value]


def _absolute(path: str, folder: Path) -> str:
    # Path.expanduser() raises an error for an unknown user; this leaves the path as it is.
    return str(folder / os.path.expanduser(path)) if path else ""  # noqa: PTH111


_ALL = [name for names in PASSED.values() for name in names.split()]
_NAMES = frozenset(name for name in _ALL if not name.endswith("*"))
_PREFIXES = tuple(name.removesuffix("*") for name in _ALL if name.endswith("*"))
