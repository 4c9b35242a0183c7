"""Writing objects, for real and as a dry run, with errors that say what to do about them."""

import copy
import re
from http import HTTPStatus
from typing import NoReturn

from kaldra.errors import KaldraError
from kaldra.plugins.host import Host
from kaldra.plugins.kubernetes import managers
from kaldra.plugins.kubernetes.client import (
    ApiError,
    Client,
    ConflictError,
    NotFoundError,
    UnreachableError,
)
from kaldra.plugins.kubernetes.kinds import Kind
from kaldra.plugins.kubernetes.objects import (
    PATCH_FORCE,
    Object,
    at,
    id_of,
    is_true,
    name_of,
    namespace_of,
    parsed_path,
    put,
)
from kaldra.plugins.provider import Resource
from kaldra.plugins.values import UNKNOWN

_ONLY_SERVER_KNOWS = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
_HOLDER = re.compile(r'conflict with "([^"]*)"')


class Applier:
    """Writes objects as one resource of the program, under the name of `manager`."""

    def __init__(
        self, client: Client, host: Host, resource: Resource, manager: str, *, force: bool
    ) -> None:
        self._client = client
        self._host = host
        self._urn = resource.urn
        self._ignored = [parsed_path(path) for path in resource.ignored]
        self._manager = manager
        self._force = force

    def create(self, kind: Kind, obj: Object, there: Object | None, *, upsert: bool) -> Object:
        """Make the object, or continue with one that an interrupted run of ours left behind.

        `there` is what exists under its name already.
        """
        if there and not upsert and not managers.holds(there, self._manager):
            raise KaldraError(
                f"{kind.name} {id_of(obj)} already exists in the cluster, and was not made by this "
                f"stack ({managers.summary(there)}).",
                hint=f"Delete it, give the resource another name, or take it over: pulumi import "
                f"kubernetes:{kind.group_version}:{kind.name} NAME {id_of(obj)}",
            )
        return self._apply(kind, obj)

    def update(
        self, kind: Kind, obj: Object, live: Object | None, *, former_manager: str
    ) -> Object:
        """Apply the object over the `live` one; one that is gone is made anew."""
        if live:
            obj = self._leaving_ignored(obj, live)
            managers.take_over(self._client, kind, live, self._manager)
        applied = self._apply(kind, obj)
        if former_manager != self._manager:
            managers.relinquish(self._client, kind, applied, former_manager)
        return applied

    def preview_create(self, kind: Kind, obj: Object) -> Object | None:
        """Ask the server how the object will look; None where it cannot tell."""
        try:
            seen = self._client.create(kind, obj, manager=self._manager, dry_run=True)
        except UnreachableError as error:
            self._warn(error)
            return None
        except (NotFoundError, ConflictError) as error:
            _require_kind(kind, obj, error)
            # Its namespace is yet to be made, or what it replaces is yet to be deleted.
            return None
        except ApiError as error:
            self._refused(kind, obj, error)
            return None
        seen.pop("status", None)
        seen["metadata"] |= dict.fromkeys(_ONLY_SERVER_KNOWS, UNKNOWN)
        if kind.name == "Service":
            _forget_allocated(seen.get("spec") or {}, obj.get("spec") or {})
        return seen

    def preview_update(self, kind: Kind, obj: Object) -> Object | None:
        """Ask the server what an update leads to; None where it cannot tell."""
        try:
            live = self._client.get(kind, namespace_of(obj), name_of(obj))
            obj = self._leaving_ignored(obj, live)
            return self._apply(kind, obj, force=managers.can_take_over(live), dry_run=True)
        except UnreachableError as error:
            self._warn(error)
        except NotFoundError:
            text = f"{kind.name} {id_of(obj)} is gone from the cluster; the update makes it anew."
            self._host.warn(self._urn, text)
        except ApiError as error:
            self._refused(kind, obj, error)
        return None

    def try_out(self, kind: Kind, obj: Object) -> Object:
        """Apply in a dry run, whoever holds the fields; NotFoundError where there is no answer."""
        try:
            return self._client.apply(kind, obj, manager=self._manager, force=True, dry_run=True)
        except UnreachableError as error:
            self._warn(error)
            raise NotFoundError(404, {}) from None

    def _leaving_ignored(self, obj: Object, live: Object) -> Object:
        """Copy `obj` with ignored fields as they are: left to whoever holds them by now."""
        obj = copy.deepcopy(obj)
        for path in self._ignored:
            mine = managers.holds_field(live, self._manager, path)
            put(obj, path, at(live, path) if mine else None)
        return obj

    def _apply(
        self, kind: Kind, obj: Object, *, force: bool = False, dry_run: bool = False
    ) -> Object:
        force = force or self._force or is_true(obj, PATCH_FORCE)
        try:
            return self._client.apply(
                kind, obj, manager=self._manager, force=force, dry_run=dry_run
            )
        except ConflictError as error:
            holders = {name for cause in error.causes
                       for name in _HOLDER.findall(str(cause.get("message")))}  # fmt: skip
            # What somebody did by hand is what the program is there to put right.
            if not holders or not all(name.startswith("kubectl") for name in holders):
                _explain_conflict(kind, obj, error)
            fields = ", ".join(str(cause.get("field")) for cause in error.causes)
            self._host.info(self._urn, f"taken back from {', '.join(sorted(holders))}: {fields}")
            return self._client.apply(kind, obj, manager=self._manager, force=True, dry_run=dry_run)
        except NotFoundError as error:
            _require_kind(kind, obj, error)
            raise
        except ApiError as error:
            if dry_run:
                raise
            raise KaldraError(f"{kind.name} {id_of(obj)}: {error}", hint=error.hint) from None

    def _refused(self, kind: Kind, obj: Object, error: ApiError) -> None:
        """Pass an error on, unless it only says that this user may look but not try."""
        if error.reason != "Forbidden" or " cannot " not in str(error):
            raise KaldraError(f"{kind.name} {id_of(obj)}: {error}", hint=error.hint) from None
        self._host.warn(self._urn, f"The preview is not the server's own: {error}")

    def _warn(self, error: UnreachableError) -> None:
        said = str(error).rstrip(".")
        self._host.warn_once(f"{said}. The preview is what the program asks for, unchecked.")


def _require_kind(kind: Kind, obj: Object, error: ApiError) -> None:
    """Raise where the server has no such kind: it then answers 404 without a word of its own."""
    if error.code == HTTPStatus.NOT_FOUND and not error.reason:
        raise KaldraError(
            f"{kind.name} {id_of(obj)}: the cluster knows no {kind.name} of {kind.api_version}.",
            hint="Install what defines it in the cluster, or do without it in the program.",
        ) from None


def _explain_conflict(kind: Kind, obj: Object, error: ConflictError) -> NoReturn:
    fields = [f"{cause.get('field')} ({cause.get('message')})" for cause in error.causes]
    raise KaldraError(
        f"{kind.name} {id_of(obj)}: others hold fields that the program sets: "
        f"{'; '.join(fields) or error}.",
        hint="Leave these fields out of the program, or take them over with the annotation "
        f'{PATCH_FORCE}: "true"',
    ) from None


def _forget_allocated(seen: Object, given: Object) -> None:
    """Take back addresses and ports that the server drew for the dry run alone."""
    for key in ("clusterIP", "clusterIPs", "healthCheckNodePort"):
        if key in seen and key not in given:
            seen[key] = UNKNOWN
    asked = given.get("ports") or []
    for index, port in enumerate(seen.get("ports") or []):
        if "nodePort" in port and (index >= len(asked) or "nodePort" not in asked[index]):
            port["nodePort"] = UNKNOWN
