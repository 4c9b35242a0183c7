"""Every environment variable that the platform looks at, each defined once.

Nothing else in platform/ asks the environment for a name. docs/reference/cli.md has the table of
what they mean. What the services read is in their own settings.
"""

import os
import re
from dataclasses import dataclass

from kaldra.errors import ConfigurationError


@dataclass(frozen=True)
class Variable:
    """One variable; an empty one counts as unset."""

    name: str
    is_url: bool = False

    @property
    def value(self) -> str:
        """What it is set to, or "": read anew each time.

        Raises ConfigurationError where it should be a URL and has no scheme.
        """
        given = os.environ.get(self.name, "")
        if self.is_url and given and not re.match(r"[a-z][a-z+.-]*:/", given):
            raise ConfigurationError(
                f"{self.name}={given} is not a URL.",
                hint=f"export {self.name}=http://{given}, or: unset {self.name}",
            )
        return given


HOME = Variable("KALDRA_HOME")
STATE = Variable("KALDRA_STATE")
PYTHON = Variable("KALDRA_PYTHON")
INDEXES = (Variable("UV_INDEX_URL"), Variable("PIP_INDEX_URL"))
ROUTE = Variable("KALDRA_ROUTE")
PUBLISHERS_URL = Variable("KALDRA_PUBLISHERS_URL", is_url=True)
VULNERABILITIES_URL = Variable("KALDRA_VULNERABILITIES_URL", is_url=True)
DEBIAN_ARCHIVE = Variable("KALDRA_DEBIAN_ARCHIVE", is_url=True)
BASE_IMAGE = Variable("KALDRA_BASE_IMAGE")
BUILDER_IMAGE = Variable("KALDRA_BUILDER_IMAGE")
PASSPHRASE = Variable("PULUMI_CONFIG_PASSPHRASE")
PASSPHRASE_FILE = Variable("PULUMI_CONFIG_PASSPHRASE_FILE")
PULUMI = Variable("KALDRA_PULUMI")
DOCKER_HOST = Variable("DOCKER_HOST")
DOCKER_CONFIG = Variable("DOCKER_CONFIG")
KUBECONFIG = Variable("KUBECONFIG")
TERM = Variable("TERM")
PATH = Variable("PATH")
PROXIES = tuple(
    Variable(name)
    for low in ("http_proxy", "https_proxy", "no_proxy")
    for name in (low, low.upper())
)
AUTHORITIES = tuple(
    Variable(name) for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
)
"""Certificate authorities; the first that is set counts."""
