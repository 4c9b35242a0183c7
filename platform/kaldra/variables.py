"""Every environment variable that the platform looks at: one definition, used and documented.

Nothing else in platform/ asks the environment for a name, and docs/reference/cli.md has the table
(`./kaldra reference`). What the services read is in their own settings.
"""

import os
import re
from dataclasses import dataclass

from kaldra.errors import ConfigurationError

KALDRA = "`./kaldra`"
LAUNCHER = "the script `kaldra`"
GUARD = "`pulumi`, after `./kaldra env`"
PROGRAM = "the Pulumi program"
DOCKER_PLUGIN = "the substitute docker plugin"
BARE = f"{KALDRA}, {PROGRAM}, bare services"

EMPTY = "none"

ALL: list["Variable"] = []
"""In the order of definition and of the table, where those that say the same share a row."""


@dataclass(frozen=True)
class Variable:
    """One variable; an empty one counts as unset."""

    name: str
    meaning: str
    default: str = EMPTY
    """What holds where it is unset, in words."""
    reader: str = KALDRA

    def __post_init__(self) -> None:
        """Add it to those that are documented."""
        ALL.append(self)

    @property
    def value(self) -> str:
        """What it is set to, or "": read anew each time."""
        return os.environ.get(self.name, "")


class Address(Variable):
    """A variable that holds a URL."""

    @property
    def value(self) -> str:
        """The URL, or ""; raises ConfigurationError where it has no scheme."""
        given = super().value
        if given and not re.match(r"[a-z][a-z+.-]*:/", given):
            raise ConfigurationError(
                f"{self.name}={given} is not a URL.",
                hint=f"export {self.name}=http://{given}, or: unset {self.name}",
            )
        return given


HOME = Variable(
    "KALDRA_HOME", "tools and images, shared by all clones on the machine", "`~/.cache/kaldra`"
)
STATE = Variable(
    "KALDRA_STATE",
    "this clone's state, keys, kubeconfig",
    "`.kaldra` in the clone",
    f"{KALDRA}, {PROGRAM}",
)
ENV_FILE = Variable(
    "KALDRA_ENV_FILE",
    "the file that `serve`, bare runs and `local` stacks take for `.env`; `/dev/null` for none",
    "`.env` in the clone",
    BARE,
)
"""Read by serving/dotenv.py, which knows nothing of the platform."""

PYTHON = Variable(
    "KALDRA_PYTHON",
    "the Python that makes `.venv`",
    "the first of `python3`, `python3.14` … `python3.11` that is new enough",
    LAUNCHER,
)
INDEXES = tuple(
    Variable(
        name, "package index that fills `.venv`", "the one of pip's settings, or PyPI", LAUNCHER
    )
    for name in ("UV_INDEX_URL", "PIP_INDEX_URL")
)
ROUTE = Variable(
    "KALDRA_ROUTE", "`publisher` or `registries`: where tools come from, without a probe", "probed"
)
PUBLISHERS_URL = Address(
    "KALDRA_PUBLISHERS_URL",
    "mirror of the publishers' files: `https://host/a` is fetched as `MIRROR/host/a`",
)
VULNERABILITIES_URL = Address(
    "KALDRA_VULNERABILITIES_URL",
    "an OSV service or mirror, asked by `build --sbom`",
    "`https://api.osv.dev`",
)
DEBIAN_ARCHIVE = Address(
    "KALDRA_DEBIAN_ARCHIVE",
    "Debian archive that images are made from, such as `http://mirror.example/debian`",
    "the one that apt uses on this machine",
)
BASE_IMAGE, BUILDER_IMAGE = (
    Variable(
        name,
        f"what the Dockerfiles take as `{name[7:]}`; `./kaldra env` has it",
        "required",
        PROGRAM,
    )
    for name in ("KALDRA_BASE_IMAGE", "KALDRA_BUILDER_IMAGE")
)
PASSPHRASE, PASSPHRASE_FILE = (
    Variable(
        name,
        "passphrase of a stack that keeps a team's secrets, or the file that holds it; "
        "dev and local have a published one",
        "none",
        f"{KALDRA}, Pulumi",
    )
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
)
PULUMI = Variable("KALDRA_PULUMI", "the Pulumi to run; `./kaldra env` has it", "required", GUARD)
PLAIN_SECRETS = Variable(
    "KALDRA_PLAIN_SECRETS",
    "`1`: Pulumi's log and traces may hold secrets in plain text (`-v=9` and more, `--tracing`, …)",
    "refused",
    GUARD,
)
LOGGED = tuple(
    Variable(name, "refused likewise (`…VERBOSE` from 9 on)", "unset", GUARD)
    for name in (
        "PULUMI_DEBUG_GRPC",
        "PULUMI_OPTION_VERBOSE",
        "PULUMI_OPTION_TRACING",
        "PULUMI_OPTION_OTEL_TRACES",
    )
)
DOCKER_HOST = Variable(
    "DOCKER_HOST",
    "the Docker Engine to use; one that is named is never started or installed",
    "the docker context's, or the usual sockets",
    f"{KALDRA}, {DOCKER_PLUGIN}",
)
DOCKER_CONTEXT = Variable(
    "DOCKER_CONTEXT", "docker context whose engine is used", "the docker client's current one"
)
DOCKER_CONFIG = Variable(
    "DOCKER_CONFIG",
    "folder of the docker client's settings and credentials",
    "`~/.docker`",
    f"{KALDRA}, {DOCKER_PLUGIN}",
)
DOCKER_CERT_PATH = Variable(
    "DOCKER_CERT_PATH", "folder of the certificates for an engine at `tcp://`", EMPTY, DOCKER_PLUGIN
)
KUBECONFIG = Variable(
    "KUBECONFIG",
    "kubeconfigs of `staging` stacks that name none, merged as kubectl does",
    "`~/.kube/config`",
    f"{KALDRA}, Pulumi",
)
PROXIES = tuple(
    Variable(name, "proxies, passed into image builds too", EMPTY)
    for low in ("http_proxy", "https_proxy", "no_proxy")
    for name in (low, low.upper())
)
AUTHORITIES = tuple(
    Variable(
        name,
        "authorities that package installation in image builds trusts; the first counts",
        "the system's, where it holds local ones",
    )
    for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
)
OTHER_PYTHONS = Variable(
    "KALDRA_OTHER_PYTHONS",
    "newer Pythons on which the kernel's results are compared, one path after another as in `PATH`",
    "those on `PATH` and of pyenv",
    "`./kaldra test`",
)
"""Read by tests/core/test_interpreters.py."""

NO_COLOR = Variable("NO_COLOR", "no colours", "unset")
TERM = Variable("TERM", "`dumb`: lines in progress are not redrawn", "the terminal's")
PATH = Variable("PATH", "where tools are looked for, this clone's own first", "the shell's")
