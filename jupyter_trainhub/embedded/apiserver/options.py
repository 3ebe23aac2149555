"""What a request asks for beside its object: CreateOptions, UpdateOptions, PatchOptions and
DeleteOptions of ``meta.k8s.io``.

Source: k8s.io/apimachinery, package apis/meta/v1/validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..apimachinery.resources import Resource
from ..apimachinery.status import (
    Cause,
    bad_request,
    invalid,
    invalid_object,
    not_allowed,
    required,
    too_long,
    unsupported,
)

Query = Mapping[str, str]

_LONGEST_MANAGER = 128  # bytes
_DIRECTIVES = ["", "Ignore", "Strict", "Warn"]
_PROPAGATIONS = ["Background", "Foreground", "Orphan"]


def flag(query: Query, name: str) -> bool:
    """Whether a flag is set: it is there, and not as ``false`` or ``0``."""
    return query.get(name, "0").lower() not in ("0", "false")


@dataclass(frozen=True)
class WriteOptions:
    """How to create, update, patch or (``applies``) apply.

    ``validation`` is Ignore, Warn or Strict: what becomes of fields that the kind does not have.
    """

    manager: str
    dry_run: bool
    force: bool
    validation: str
    applies: bool

    @classmethod
    def parse(cls, kind: str, query: Query, user_agent: str, applies: bool = False) -> WriteOptions:
        """From a request's query; ``kind`` is the options' own, as ``PatchOptions``.

        Raises:
            ApiError: 422.
        """
        directive = query.get("fieldValidation", "")
        dry_run = [query["dryRun"]] if "dryRun" in query else []
        causes = [*_manager(query, applies), *_dry_run(dry_run)]
        if directive not in _DIRECTIVES:
            causes.append(unsupported("fieldValidation", directive, _DIRECTIVES))
        _refuse(kind, causes)
        program = "".join(filter(str.isprintable, user_agent.partition("/")[0]))
        shortened = program.encode()[:_LONGEST_MANAGER].decode(errors="ignore")
        manager = query.get("fieldManager") or shortened or "unknown"
        return cls(manager, bool(dry_run), flag(query, "force"), directive or "Warn", applies)


def _manager(query: Query, applies: bool) -> Iterator[Cause]:
    field, given = "fieldManager", query.get("fieldManager", "")
    if applies and not given:
        yield required(field, "is required for apply patch")
    if not applies and "force" in query:
        yield not_allowed("force", "may not be specified for non-apply patch")
    if len(given.encode()) > _LONGEST_MANAGER:
        yield too_long(field, _LONGEST_MANAGER)
    for position, character in enumerate(given):
        if not character.isprintable():
            detail = f"invalid character U+{ord(character):04X} (at position {position})"
            yield invalid(field, given, detail)


def _dry_run(given: list[str]) -> Iterator[Cause]:
    if {*given} - {"All"}:
        yield unsupported("dryRun", given, ["All"])


def _refuse(kind: str, causes: list[Cause]) -> None:
    if causes:
        raise invalid_object(Resource("meta.k8s.io", "v1", "", kind), "", causes)


@dataclass(frozen=True)
class DeleteOptions:
    """How to delete: seconds of grace for a pod, what becomes of dependents, and preconditions."""

    grace_seconds: int | None = None
    propagation: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    dry_run: bool = False

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> DeleteOptions:
        """From the body of a DELETE request or, where that has none, from its query.

        Raises:
            ApiError: 400, 422.
        """
        dry_run = given.get("dryRun") or []
        dry_run = [dry_run] if isinstance(dry_run, str) else dry_run
        causes = list(_dry_run(dry_run))
        propagation = given.get("propagationPolicy")
        if propagation not in (None, *_PROPAGATIONS):
            known = ["Foreground", "Background", "Orphan", "nil"]
            causes.append(unsupported("propagationPolicy", propagation, known))
        _refuse("DeleteOptions", causes)
        if str(given.get("orphanDependents")).lower() == "true":
            propagation = "Orphan"
        try:
            grace = int(given["gracePeriodSeconds"]) if "gracePeriodSeconds" in given else None
        except ValueError as error:
            raise bad_request(f"invalid gracePeriodSeconds: {error}") from error
        conditions = given.get("preconditions") or {}
        return cls(
            # A negative one means as soon as possible, but not by force.
            1 if grace is not None and grace < 0 else grace,
            propagation,
            conditions.get("uid"),
            conditions.get("resourceVersion"),
            bool(dry_run),
        )
