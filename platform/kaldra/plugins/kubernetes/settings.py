"""The provider's own settings, as pulumi-kubernetes takes them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaldra import variables
from kaldra.plugins.diffs import Change, Diff, Kind, Path, compare
from kaldra.plugins.provider import Checked, Failure
from kaldra.plugins.values import Props, contains_unknown, reveal

if TYPE_CHECKING:
    from kaldra.plugins.kubernetes.kubeconfig import Access, Cluster

_CLUSTER_KEYS = ("kubeconfig", "context", "cluster")
_IDENTIFIER = "clusterIdentifier"
_NOT_COVERED = ("renderYamlToDirectory",)


@dataclass(frozen=True)
class Settings:
    """What the plugin goes by. Booleans may also be set by environment variable."""

    kubeconfig: Any = ""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    patch_force: bool = False
    upsert_existing: bool = False
    configmap_mutable: bool = False
    secret_mutable: bool = False
    delete_unreachable: bool = False

    @classmethod
    def read(cls, given: Props) -> "Settings":
        """Take the settings out of the provider's inputs."""
        given = reveal(given)
        return cls(
            kubeconfig=given.get("kubeconfig") or "",
            context=str(given.get("context") or ""),
            cluster=str(given.get("cluster") or ""),
            namespace=str(given.get("namespace") or ""),
            patch_force=_flag(given, "enablePatchForce"),
            upsert_existing=_flag(given, "upsertExistingObjects"),
            configmap_mutable=_flag(given, "enableConfigMapMutable"),
            secret_mutable=_flag(given, "enableSecretMutable"),
            delete_unreachable=_flag(given, "deleteUnreachable"),
        )

    def access(self) -> "Access":
        """Resolve the cluster; ConfigurationError when the kubeconfig does not say."""
        from kaldra.plugins.kubernetes import kubeconfig  # noqa: PLC0415  slow to import

        return kubeconfig.load(self.kubeconfig, context=self.context, cluster=self.cluster)


def check(news: Props) -> Checked:
    """Refuse what the substitute cannot do, rather than to ignore it."""
    failures = [
        Failure(key, "is not covered by the substitute kubernetes plugin")
        for key in _NOT_COVERED
        if news.get(key)
    ]
    if str(news.get("enableServerSideApply", "true")).lower() == "false":
        text = "cannot be false: the substitute kubernetes plugin has server-side apply only"
        failures.append(Failure("enableServerSideApply", text))
    return Checked(news, failures)


def diff(olds: Props, news: Props) -> Diff:
    """Compare settings; another cluster needs everything on it made anew."""
    changes = compare(reveal(olds), reveal(news))
    changes.pop(("version",), None)
    tops = {str(path[0]) for path in changes}
    if olds.get(_IDENTIFIER) and news.get(_IDENTIFIER):
        replacing = tops & {_IDENTIFIER}
    elif tops.isdisjoint(_CLUSTER_KEYS) or not _other_cluster(olds, news):
        replacing = set()
    else:
        replacing = tops & set(_CLUSTER_KEYS)
    by_key: dict[Path, Change] = {(top,): Change(Kind.UPDATE, top in replacing) for top in tops}
    return Diff(by_key)


def _other_cluster(olds: Props, news: Props) -> bool:
    if any(contains_unknown(news.get(key)) for key in _CLUSTER_KEYS):
        return True
    old, new = (_identity(reveal(settings)) for settings in (olds, news))
    return old is not None and new is not None and old != new


def _identity(settings: Props) -> "Cluster | None":
    from kaldra.plugins.kubernetes import kubeconfig  # noqa: PLC0415  slow to import

    return kubeconfig.identity(
        settings.get("kubeconfig") or "",
        context=str(settings.get("context") or ""),
        cluster=str(settings.get("cluster") or ""),
    )


def _flag(given: Props, key: str) -> bool:
    # The SDKs send booleans as JSON text.
    value = given.get(key)
    if value is None:
        value = variables.K8S_FLAGS[key].value
    return str(value).lower() == "true"
