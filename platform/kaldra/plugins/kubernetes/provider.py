"""The Kubernetes provider: objects of one cluster, by server-side apply."""

# ruff: noqa: ARG002  the protocol gives each method more than this provider needs

import base64
import contextlib
import functools
from collections.abc import Iterator
from typing import Any, NoReturn

from kaldra.errors import ConfigurationError, KaldraError
from kaldra.plugins.diffs import Diff
from kaldra.plugins.host import Host
from kaldra.plugins.kubernetes import changes, checkpoint, managers, naming, settings
from kaldra.plugins.kubernetes.client import (
    ApiError,
    Client,
    ConflictError,
    NotFoundError,
    UnreachableError,
)
from kaldra.plugins.kubernetes.kinds import Kind, kind_of
from kaldra.plugins.kubernetes.objects import (
    DELETION_PROPAGATION,
    PATCH_FORCE,
    SKIP_AWAIT,
    Object,
    annotation,
    id_of,
    is_true,
    name_of,
    namespace_of,
    normalized,
    protected,
    pruned,
    split_id,
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

_ONLY_SERVER_KNOWS = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
_PROPAGATION = {"orphan": "Orphan", "background": "Background"}


class KubernetesProvider(Provider):
    """Objects of the kinds in `kinds`, nothing else."""

    name = "kubernetes"
    version = "4.34.2"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._settings = settings.Settings()
        self._warned: set[str] = set()

    def check_config(self, news: Props) -> Checked:
        """See settings.check."""
        return settings.check(news)

    def diff_config(self, olds: Props, news: Props) -> Diff:
        """See settings.diff."""
        return settings.diff(olds, news)

    def configure(self, settings_: Props) -> None:
        """Take the settings; the cluster is contacted when something needs it."""
        self._settings = settings.Settings.read(settings_)

    @functools.cached_property
    def _client(self) -> Client:
        try:
            access = self._settings.access()
        except ConfigurationError as error:
            # May be made by this very deployment: in a preview, no worse than one that is down.
            raise UnreachableError(str(error), hint=error.hint) from None
        return Client(access, self.cancelled, self._warn_once)

    def _warn_once(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self.host.warn("", text)

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
        failures = _mistyped(kind, inputs)
        if failures:
            return Checked(news, failures)
        inputs = {**inputs, "apiVersion": kind.api_version, "kind": kind.name}
        inputs = normalized(inputs)
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
        manager = checkpoint.manager_of(old_state, inputs, resource.urn)

        def try_out(obj: Object) -> Object:
            return self._client.apply(kind, obj, manager=manager, force=True, dry_run=True)

        mutable = {
            "ConfigMap": self._settings.configmap_mutable,
            "Secret": self._settings.secret_mutable,
        }
        old = (reveal(old_inputs) or recorded, live)
        return changes.find(
            kind,
            old,
            inputs,
            mutable_content=mutable.get(kind.name, False),
            try_out=self._forgiving(resource, try_out),
        )

    def create(
        self, resource: Resource, inputs: Props, *, timeout: float, preview: bool
    ) -> tuple[str, Props]:
        """Make the object and wait until it is ready."""
        kind = kind_of(resource.type)
        obj: Object = reveal(inputs)
        manager = checkpoint.manager_of({}, obj, resource.urn)
        if preview:
            return "", self._preview(resource, kind, inputs, obj, manager)
        applied = self._make(kind, obj, manager)
        state = functools.partial(
            checkpoint.write, inputs, manager=manager, api_version=kind.api_version
        )
        try:
            live = self._waiter(resource).until_ready(kind, applied, obj, timeout)
        except NotReadyError as error:
            found = Found(id_of(applied), state(error.live), inputs)
            raise InitError(found, error.reasons) from None
        return id_of(live), state(live)

    def read(self, resource: Resource, id_: str, inputs: Props, state: Props) -> Found | None:
        """Look at the live object; what the program did not set is in the state alone."""
        kind = kind_of(resource.type)
        namespace, name = split_id(id_)
        try:
            live = self._client.find(kind, namespace or self._namespace_for(kind), name)
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
        manager = checkpoint.manager_of(old_state, obj, resource.urn)
        before = checkpoint.manager_of(old_state, {}, resource.urn)
        state = functools.partial(
            checkpoint.write,
            news,
            manager=manager,
            api_version=checkpoint.api_version(old_state, obj),
        )
        if preview:
            if contains_unknown(obj):
                return news
            applied = self._try_update(resource, kind, obj, manager)
            return state(applied) if applied else news
        live = self._client.find(kind, namespace_of(obj), name_of(obj))
        if live:
            managers.take_over(self._client, kind, live, manager)
        applied = self._apply(kind, obj, manager)
        if before != manager:
            managers.relinquish(self._client, kind, applied, before)
        try:
            return state(self._waiter(resource).until_ready(kind, applied, obj, timeout))
        except NotReadyError as error:
            raise InitError(Found(id_, state(error.live), news), error.reasons) from None

    def delete(
        self, resource: Resource, id_: str, inputs: Props, state: Props, *, timeout: float
    ) -> None:
        """Delete the object and what it owns, and wait until it is gone."""
        kind = kind_of(resource.type)
        given, live = checkpoint.read(state)
        namespace, name = split_id(id_)
        where = namespace or self._namespace_for(kind), name
        policy = annotation(given, DELETION_PROPAGATION).lower()
        propagation = _PROPAGATION.get(policy, "Foreground")
        try:
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

    def _default_namespace(self) -> str:
        if self._settings.namespace:
            return self._settings.namespace
        try:
            return self._client.access.namespace or "default"
        except UnreachableError:
            return "default"  # whoever needs the cluster will say so

    def _namespace_for(self, kind: Kind) -> str:
        return self._default_namespace() if kind.namespaced else ""

    def _waiter(self, resource: Resource) -> Waiter:
        return Waiter(
            self._client, self.cancelled, lambda text: self.host.status(resource.urn, text)
        )

    def _make(self, kind: Kind, obj: Object, manager: str) -> Object:
        """Create the object, or continue with one that an interrupted run of ours left behind."""
        there = self._client.find(kind, namespace_of(obj), name_of(obj))
        if there and not self._settings.upsert_existing and not managers.holds(there, manager):
            raise KaldraError(
                f"{kind.name} {id_of(obj)} already exists in the cluster, and was not made by this "
                f"stack ({managers.summary(there)}).",
                hint=f"Delete it, give the resource another name, or take it over: pulumi import "
                f"kubernetes:{kind.api_version}:{kind.name} NAME {id_of(obj)}",
            )
        return self._apply(kind, obj, manager)

    def _apply(self, kind: Kind, obj: Object, manager: str) -> Object:
        force = self._settings.patch_force or is_true(obj, PATCH_FORCE)
        try:
            return self._client.apply(kind, obj, manager=manager, force=force)
        except ConflictError as error:
            self._explain_conflict(kind, obj, error)
        except ApiError as error:
            raise KaldraError(f"{kind.name} {id_of(obj)}: {error}", hint=error.hint) from None

    def _explain_conflict(self, kind: Kind, obj: Object, error: ConflictError) -> NoReturn:
        fields = [f"{cause.get('field')} ({cause.get('message')})" for cause in error.causes]
        told = "; ".join(fields) or str(error)
        raise KaldraError(
            f"{kind.name} {id_of(obj)}: others hold fields that the program sets: {told}.",
            hint=f"Leave these fields out of the program, or take them over with the annotation "
            f'{PATCH_FORCE}: "true"',
        ) from None

    def _preview(
        self, resource: Resource, kind: Kind, inputs: Props, obj: Object, manager: str
    ) -> Props:
        """Tell how the object will look, as far as the server can tell beforehand."""
        if contains_unknown(obj):
            return inputs
        try:
            seen = self._client.create(kind, obj, manager=manager, dry_run=True)
        except UnreachableError as error:
            self._warn_of_preview(resource, error)
            return inputs
        except (NotFoundError, ConflictError):
            # Its namespace is yet to be made, or what it replaces is yet to be deleted.
            return inputs
        except ApiError as error:
            self._refused_preview(resource, kind, obj, error)
            return inputs
        seen.pop("status", None)
        seen["metadata"] |= dict.fromkeys(_ONLY_SERVER_KNOWS, UNKNOWN)
        if kind.name == "Service" and isinstance(seen.get("spec"), dict):
            _forget_allocated(seen["spec"], obj.get("spec") or {})
        return checkpoint.write(inputs, seen, manager=manager, api_version=kind.api_version)

    def _try_update(
        self, resource: Resource, kind: Kind, obj: Object, manager: str
    ) -> Object | None:
        try:
            live = self._client.get(kind, namespace_of(obj), name_of(obj))
            force = self._settings.patch_force or is_true(obj, PATCH_FORCE)
            force = force or managers.can_take_over(live)
            return self._client.apply(kind, obj, manager=manager, force=force, dry_run=True)
        except UnreachableError as error:
            self._warn_of_preview(resource, error)
        except NotFoundError:
            text = f"{kind.name} {id_of(obj)} is gone from the cluster; the update makes it anew."
            self.host.warn(resource.urn, text)
        except ConflictError as error:
            self._explain_conflict(kind, obj, error)
        except ApiError as error:
            self._refused_preview(resource, kind, obj, error)
        return None

    def _refused_preview(
        self, resource: Resource, kind: Kind, obj: Object, error: ApiError
    ) -> None:
        """Pass an error on, unless it only says that this user may look but not try."""
        if error.reason != "Forbidden" or "cannot" not in str(error):
            raise KaldraError(f"{kind.name} {id_of(obj)}: {error}", hint=error.hint) from None
        self.host.warn(resource.urn, f"The preview is not the server's own: {error}")

    def _forgiving(self, resource: Resource, try_out: Any) -> Any:
        def attempt(obj: Object) -> Object:
            try:
                return try_out(obj)  # type: ignore[no-any-return]
            except UnreachableError as error:
                self._warn_of_preview(resource, error)
                raise NotFoundError(404, {}) from None

        return attempt

    def _warn_of_preview(self, resource: Resource, error: UnreachableError) -> None:
        self.host.warn(resource.urn, f"{error} What the server makes of it is not known.")

    def _forget_unreachable(self, resource: Resource, error: UnreachableError) -> bool:
        if self._settings.delete_unreachable:
            self.host.warn(resource.urn, f"{error} The resource is dropped from the state.")
            return True
        error.hint = (
            "If the cluster was deleted, drop its resources from the state: "
            "PULUMI_K8S_DELETE_UNREACHABLE=true pulumi refresh"
        )
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


def _forget_allocated(seen: Object, given: Object) -> None:
    """Take back addresses and ports that the server drew for the dry run alone."""
    for key in ("clusterIP", "clusterIPs", "healthCheckNodePort"):
        if key in seen and key not in given:
            seen[key] = UNKNOWN
    for index, port in enumerate(seen.get("ports") or []):
        asked = given.get("ports") or []
        if "nodePort" in port and (index >= len(asked) or "nodePort" not in asked[index]):
            port["nodePort"] = UNKNOWN
