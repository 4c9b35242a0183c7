"""The Kubernetes provider: objects of one cluster, by server-side apply."""

# ruff: noqa: ARG002  the protocol gives each method more than this provider needs

import base64
import contextlib
import functools
from collections.abc import Iterator

from kaldra.errors import ConfigurationError
from kaldra.plugins.diffs import Diff
from kaldra.plugins.host import Host
from kaldra.plugins.kubernetes import changes, checkpoint, naming, settings
from kaldra.plugins.kubernetes.applying import Applier
from kaldra.plugins.kubernetes.client import Client, NotFoundError, UnreachableError
from kaldra.plugins.kubernetes.kinds import Kind, kind_of
from kaldra.plugins.kubernetes.objects import (
    DELETION_PROPAGATION,
    SKIP_AWAIT,
    Object,
    annotation,
    id_of,
    is_true,
    name_of,
    normalized,
    protected,
    pruned,
    split_id,
    where_is,
)
from kaldra.plugins.kubernetes.waiting import NotReadyError, Waiter, readiness, seconds
from kaldra.plugins.provider import (
    Autonaming,
    Checked,
    Failure,
    Found,
    InitError,
    Provider,
    Resource,
)
from kaldra.plugins.values import UNKNOWN, Props, contains_unknown, reveal

_GOING_SECONDS = 60.0
"""How long a refresh waits for an object that is on its way out already."""

_PROPAGATION = {"orphan": "Orphan", "background": "Background"}


class KubernetesProvider(Provider):
    """Objects of the kinds in `kinds`, nothing else."""

    name = "kubernetes"
    version = "4.25.0"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._settings = settings.Settings()

    def check_config(self, news: Props) -> Checked:
        """See settings.check."""
        return settings.check(news)

    def diff_config(self, olds: Props, news: Props) -> Diff:
        """See settings.diff."""
        return settings.diff(olds, news)

    def configure(self, settings_: Props) -> None:
        """Take the settings; the cluster is contacted when something needs it."""
        self.close()
        self._settings = settings.Settings.read(settings_)

    def close(self) -> None:
        """Give up the connections to the cluster, if there are any."""
        if client := self.__dict__.pop("_client", None):
            client.close()

    def check(
        self,
        resource: Resource,
        olds: Props,
        news: Props,
        seed: bytes,
        autonaming: Autonaming | None,
    ) -> Checked:
        """Fill in what identifies the object, and put its content into the server's form."""
        kind = kind_of(resource.type)
        inputs: Object = reveal(news)
        if failures := _mistyped(kind, inputs):
            return Checked(news, failures)
        inputs = normalized({**inputs, "apiVersion": kind.api_version, "kind": kind.name})
        failure = naming.assign(inputs, reveal(olds), resource.name, seed, autonaming)
        metadata = inputs["metadata"]
        if kind.namespaced and isinstance(metadata, dict) and not metadata.get("namespace"):
            metadata["namespace"] = self._default_namespace()
        if kind.name == "Secret":
            self.host.keep_secret(_contents(inputs))
        return Checked(protected(inputs, news), [failure] if failure else [])

    def diff(
        self, resource: Resource, id_: str, old_inputs: Props, old_state: Props, news: Props
    ) -> Diff:
        """See changes.find."""
        kind = kind_of(resource.type)
        recorded, live = checkpoint.read(old_state)
        inputs: Object = reveal(news)
        mutable = {
            "ConfigMap": self._settings.configmap_mutable,
            "Secret": self._settings.secret_mutable,
        }
        return changes.find(
            kind,
            (reveal(old_inputs) or recorded, live),
            inputs,
            mutable_content=mutable.get(kind.name, False),
            try_out=lambda obj: self._applier(resource, old_state, inputs).try_out(kind, obj),
        )

    def create(
        self, resource: Resource, inputs: Props, *, timeout: float, preview: bool
    ) -> tuple[str, Props]:
        """Make the object and wait until it is ready."""
        kind = kind_of(resource.type)
        obj: Object = reveal(inputs)
        state = functools.partial(
            checkpoint.write,
            inputs,
            manager=checkpoint.manager_of({}, obj, resource.urn),
            api_version=kind.api_version,
        )
        if preview and contains_unknown(obj):
            return "", inputs
        applier = self._applier(resource, {}, obj)
        if preview:
            seen = applier.preview_create(kind, obj)
            return "", state(seen) if seen else inputs
        waiter = self._waiter(resource)
        there = waiter.settled(kind, where_is(obj), seconds(obj, timeout))
        applied = applier.create(kind, obj, there, upsert=self._settings.upsert_existing)
        try:
            live = waiter.until_ready(kind, applied, obj, timeout)
        except NotReadyError as error:
            found = Found(id_of(applied), state(error.live), inputs)
            raise InitError(found, error.reasons) from None
        return id_of(live), state(live)

    def read(self, resource: Resource, id_: str, inputs: Props, state: Props) -> Found | None:
        """Look at the live object; what the program did not set is in the state alone."""
        kind = kind_of(resource.type)
        namespace, name = split_id(id_)
        try:
            where = namespace or self._namespace_for(kind), name
            live = self._waiter(resource).settled(kind, where, _GOING_SECONDS)
        except UnreachableError as error:
            if self._forget_unreachable(resource, error):
                return None
            raise
        if live is None:
            return None
        given: Object = reveal(inputs)
        shape = normalized(given) if given else _importable(live)
        seen = protected(pruned(live, shape), inputs)
        found = Found(
            id_,
            checkpoint.write(
                seen,
                live,
                manager=checkpoint.manager_of(state, given, resource.urn),
                api_version=checkpoint.api_version(state, live),
            ),
            seen,
        )
        if given and (missing := readiness(kind, live, given)):
            raise InitError(found, [f"{kind.name} {name_of(live)} is not ready: {missing}"])
        return found

    def update(  # noqa: PLR0913  the protocol's
        self,
        resource: Resource,
        id_: str,
        old_inputs: Props,
        old_state: Props,
        news: Props,
        *,
        timeout: float,
        preview: bool,
    ) -> Props:
        """Apply the new inputs and wait until they are in effect."""
        kind = kind_of(resource.type)
        obj: Object = reveal(news)
        state = functools.partial(
            checkpoint.write,
            news,
            manager=checkpoint.manager_of(old_state, obj, resource.urn),
            api_version=checkpoint.api_version(old_state, obj),
        )
        if preview and contains_unknown(obj):
            return news
        applier = self._applier(resource, old_state, obj)
        if preview:
            seen = applier.preview_update(kind, obj)
            return state(seen) if seen else news
        waiter = self._waiter(resource)
        former = checkpoint.manager_of(old_state, {}, resource.urn)
        live = waiter.settled(kind, where_is(obj), seconds(obj, timeout))
        applied = applier.update(kind, obj, live, former_manager=former)
        try:
            return state(waiter.until_ready(kind, applied, obj, timeout))
        except NotReadyError as error:
            raise InitError(Found(id_, state(error.live), news), error.reasons) from None

    def delete(
        self, resource: Resource, id_: str, inputs: Props, state: Props, *, timeout: float
    ) -> None:
        """Delete the object and what it owns, and wait until it is gone."""
        kind = kind_of(resource.type)
        given, live = checkpoint.read(state)
        namespace, name = split_id(id_)
        policy = annotation(given, DELETION_PROPAGATION).lower()
        try:
            where = namespace or self._namespace_for(kind), name
            propagation = _PROPAGATION.get(policy, "Foreground")
            self._client.delete(kind, *where, propagation=propagation)
            if not is_true(given, SKIP_AWAIT):
                uid = str((live.get("metadata") or {}).get("uid") or "")
                patience = seconds(given, timeout)
                self._waiter(resource).until_gone(kind, where, uid, patience)
        except NotFoundError:
            return
        except UnreachableError as error:
            if not self._forget_unreachable(resource, error):
                raise

    @functools.cached_property
    def _client(self) -> Client:
        try:
            return Client(self._settings.access(), self.cancelled, self.host.warn_once)
        except ConfigurationError as error:
            # The cluster may yet have to be made: in a preview, no worse than one that is down.
            return Client(error, self.cancelled, self.host.warn_once)

    def _applier(self, resource: Resource, state: Props, obj: Object) -> Applier:
        manager = checkpoint.manager_of(state, obj, resource.urn)
        force = self._settings.patch_force
        return Applier(self._client, self.host, resource, manager, force=force)

    def _waiter(self, resource: Resource) -> Waiter:
        return Waiter(
            self._client, self.cancelled, lambda text: self.host.status(resource.urn, text)
        )

    def _default_namespace(self) -> str:
        return self._settings.namespace or self._client.namespace or "default"

    def _namespace_for(self, kind: Kind) -> str:
        return self._default_namespace() if kind.namespaced else ""

    def _forget_unreachable(self, resource: Resource, error: UnreachableError) -> bool:
        if self._settings.delete_unreachable:
            self.host.warn(resource.urn, f"{str(error).rstrip('.')}. It is dropped from the state.")
            return True
        advice = (
            "If the cluster was deleted, drop its resources from the state: "
            "PULUMI_K8S_DELETE_UNREACHABLE=true pulumi refresh"
        )
        # The same error may answer several resources.
        if advice not in error.hint:
            error.hint = f"{error.hint}\n{advice}".strip()
        return False


def _mistyped(kind: Kind, inputs: Object) -> list[Failure]:
    failures = [
        Failure(key, f"must be {right}, not {inputs[key]}")
        for key, right in (("apiVersion", kind.api_version), ("kind", kind.name))
        if isinstance(inputs.get(key), str) and inputs[key] != right
    ]
    for key in ("metadata", "spec", "data", "stringData"):
        value = inputs.get(key)
        if value is not None and value is not UNKNOWN and not isinstance(value, dict):
            failures.append(Failure(key, "must be an object"))
    return failures


def _contents(secret: Object) -> Iterator[str]:
    """Every string of a Secret, coded and plain: what no message may show."""
    data = secret.get("data")
    for value in data.values() if isinstance(data, dict) else ():
        if isinstance(value, str):
            yield value
            with contextlib.suppress(ValueError):
                yield base64.b64decode(value).decode()


def _importable(live: Object) -> Object:
    inputs = normalized({key: value for key, value in live.items() if key != "status"})
    annotations = inputs["metadata"].get("annotations") or {}
    for key in ("deployment.kubernetes.io/revision",
                "kubectl.kubernetes.io/last-applied-configuration"):  # fmt: skip
        annotations.pop(key, None)
    return inputs
