"""What a request asks for, by its method, path and query: kube-apiserver's RequestInfo."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..apimachinery.resources import Resource, find
from ..apimachinery.status import method_not_allowed, page_not_found
from .options import Query, flag

_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch",
          "DELETE": "delete"}  # fmt: skip
_ON_ONE = ("get", "update", "patch", "delete")
_ONE_NAME = re.compile(r"(?:^|,)metadata\.name==?([^,]+)(?:,|$)")


@dataclass(frozen=True)
class Attributes:
    """What is asked for: a verb on a resource, or on another ``path``."""

    verb: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def qualified(self) -> str:
        """``pods``, ``pods/log``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def attributes(method: str, path: str, query: Query) -> Attributes:
    """What a request asks for. Nothing is looked up: the path alone says it."""
    verb = _VERBS.get(method, "")
    parts = path.strip("/").split("/")
    prefix = {"api": 2, "apis": 3}.get(parts[0], len(parts))
    if len(parts) <= prefix:
        return Attributes(method.lower(), path=path)
    group = parts[1] if parts[0] == "apis" else ""
    rest, namespace = parts[prefix:], ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in ("status", "finalize"):
            rest = rest[2:]
    resource, name, subresource = (*rest, "", "")[:3]
    if not name:
        one = _ONE_NAME.search(query.get("fieldSelector", ""))
        if verb == "get":
            verb = "watch" if flag(query, "watch") else "list"
            name = one[1] if one else ""
        elif verb == "delete":
            verb = "deletecollection"
    return Attributes(verb, group, resource, subresource, namespace, name)


@dataclass(frozen=True)
class Target:
    """What is served at a path: a collection of a resource, or an object or a part of it."""

    verb: str
    resource: Resource
    namespace: str
    name: str
    subresource: str

    @property
    def place(self) -> tuple[Resource, str, str]:
        """Where the object is: its resource, namespace and name."""
        return self.resource, self.namespace, self.name


def target(method: str, path: str, query: Query) -> Target:
    """What a request is served from.

    Raises:
        ApiError: 404, nothing is served there; 405, but not by that method.
    """
    asked = attributes(method, path, query)
    parts = path.strip("/").split("/")
    version, rest = (parts[1], parts[2:]) if parts[0] == "api" else (parts[2], parts[3:])
    resource, subresource = find(asked.group, version, asked.resource), asked.subresource
    within = rest[0] == "namespaces" and asked.resource != "namespaces"
    rest = rest[2:] if within else rest
    named = len(rest) > 1
    if resource is None or len(rest) > 3 or (within and not resource.namespaced):
        raise page_not_found()
    if (named and resource.namespaced and not within) or (
        subresource and subresource not in resource.parts
    ):
        raise page_not_found()
    verbs = resource.parts[subresource][1] if subresource else resource.verbs
    misplaced = not subresource and named != (asked.verb in _ON_ONE)
    everywhere = resource.namespaced and not within and asked.verb not in ("list", "watch")
    if asked.verb not in verbs or misplaced or everywhere:
        raise method_not_allowed()
    namespace = asked.namespace if within else ""
    return Target(asked.verb, resource, namespace, rest[1] if named else "", subresource)
