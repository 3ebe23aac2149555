"""Lists: what is selected, of which version, and page by page.

All pages of a list show the version of its first, as long as the store's history reaches back.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from ..apimachinery import selectors
from ..apimachinery.resources import Resource
from ..apimachinery.status import (
    ApiError,
    bad_request,
    invalid,
    invalid_object,
    not_allowed,
    too_large_version,
    unsupported,
)
from .options import Query, flag
from .store import Key, Object, Store, encode, key_of

_LIST_OPTIONS = Resource("meta.k8s.io", "v1", "", "ListOptions")
_VERSION = "meta.k8s.io/v1"
_TOO_OLD = "The resourceVersion for the provided list is too old."
_CONTINUE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start "
    "a new list without the continue parameter, or use the continue token in this response to "
    "retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list."
)


def selector(resource: Resource, query: Query) -> selectors.Match:
    """Whether the query's selectors choose an object.

    Raises:
        ApiError: 400, a selector that cannot be read.
    """
    by_label = selectors.parse_labels(query.get("labelSelector", ""))
    by_field = selectors.parse_fields(resource, query.get("fieldSelector", ""))

    def match(obj: Mapping[str, Any]) -> bool:
        return by_label(obj["metadata"].get("labels") or {}) and by_field(obj)

    return match


def check_options(query: Query) -> None:
    """Refuse combinations of options that mean nothing, as the real server does.

    Raises:
        ApiError: 422.
    """
    field, match = "resourceVersionMatch", query.get("resourceVersionMatch", "")
    watch, initial = flag(query, "watch"), "sendInitialEvents" in query
    version = query.get("resourceVersion", "")
    known = ["NotOlderThan"] if watch else ["Exact", "NotOlderThan", ""]
    forbidden = {
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan":
            watch and initial and match != "NotOlderThan",
        f"{field} is forbidden for watch unless sendInitialEvents is provided":
            match and watch and not initial,
        f"{field} is forbidden unless resourceVersion is provided":
            match and not watch and not version,
        f"{field} is forbidden when continue is provided": match and query.get("continue"),
        f'{field} "exact" is forbidden for resourceVersion "0"':
            match == "Exact" and version == "0",
    }  # fmt: skip
    refused = [(field, text) for text, wrong in forbidden.items() if wrong]
    if initial and not watch:
        refused.append(("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    causes = [not_allowed(f, text) for f, text in refused]
    if match and match not in known:
        causes.append(unsupported(field, match, known))
    if causes:
        raise invalid_object(_LIST_OPTIONS, "", causes)


def wanted_version(resource: Resource, query: Query) -> int:
    """The resourceVersion that is asked for; 0: any.

    Raises:
        ApiError: 422, it is no number.
    """
    text = query.get("resourceVersion") or "0"
    if not text.isdigit():
        detail = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        kind = Resource(resource.group, "", resource.plural, resource.plural)
        raise invalid_object(kind, "", [invalid("resourceVersion", text, detail)])
    return int(text)


def require_reached(store: Store, version: int) -> None:
    """Refuse what asks for a state that has not come yet.

    Raises:
        ApiError: 504.
    """
    if version > store.version:
        raise too_large_version(version, store.version)


def page(
    store: Store, resource: Resource, namespace: str | None, query: Query
) -> tuple[list[Object], Object]:
    """The objects that a list request asks for, and the list's metadata.

    Raises:
        ApiError: 400 or 422, the options; 410, the version is gone; 504, it has not come yet.
    """
    check_options(query)
    match, limit = selector(resource, query), number(query, "limit")
    version, after = wanted_version(resource, query), None
    require_reached(store, version)
    exact = query.get("resourceVersionMatch") == "Exact"
    if token := query.get("continue"):
        if version:
            raise bad_request("specifying resource version is not allowed when using continue")
        version, after = _read(token)
    elif not exact and (query.get("resourceVersionMatch") or not limit):
        version = 0
    past = version if 0 < version < store.version else None
    try:
        items = [o for o in store.list(resource, namespace, past) if match(o)]
    except ApiError as error:
        error.message = _CONTINUE_TOO_OLD if after else _TOO_OLD
        error.metadata = {"continue": _token(-1, after)} if after else {}
        raise
    metadata: Object = {"resourceVersion": str(past or store.version)}
    first = sum(key_of(o) <= after for o in items) if after else 0
    shown = items[first : first + limit] if limit else items[first:]
    if rest := len(items) - first - len(shown):
        metadata["continue"] = _token(past or store.version, key_of(shown[-1]))
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = rest
    return shown, metadata


def number(query: Query, name: str) -> int:
    """A number of the query; 0: there is none, or less.

    Raises:
        ApiError: 400, it is none.
    """
    text = query.get(name) or "0"
    if not re.fullmatch(r"[-+]?[0-9]+", text):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(0, int(text))


def _token(version: int, position: Key) -> str:
    body = {"v": _VERSION, "rv": version, "start": "/".join(position) + "\0"}
    return urlsafe_b64encode(encode(body)).decode().rstrip("=")


def _read(token: str) -> tuple[int, Key]:
    try:
        body = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = body["start"].rstrip("\0").rpartition("/")
        return int(body["rv"]), (namespace, name)
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request("invalid continue token: continue key is not valid") from error
