"""What every request passes before it is served: who asks, as whom, and whether that one may."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import unquote

from tornado.httputil import HTTPServerRequest

from .authentication import Authenticator, impersonate
from .authorization import Attributes, Authorizer
from .user import MASTERS, User

_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch",
          "DELETE": "delete"}  # fmt: skip

# A websocket is opened by GET; what it does to a pod is a POST's work. Source: kube-apiserver 1.35.
_STREAMS = ("attach", "exec", "portforward")

_ONE_NAME = re.compile(r"(?:^|,)metadata\.name==?([^,]+)(?:,|$)")


class Filters:
    """Authentication, impersonation and authorization of requests."""

    def __init__(self, authenticator: Authenticator, authorizer: Authorizer) -> None:
        self.authenticator = authenticator
        self.authorizer = authorizer

    def admit(self, request: HTTPServerRequest) -> User:
        """The user whose rights the request has.

        Raises:
            ApiError: 401 or 403.
        """
        user = self.authenticator.authenticate(request.headers)
        if any(header.startswith("Impersonate-") for header in request.headers):
            user = impersonate(user, request.headers, self.authorizer)
        if MASTERS in user.groups:
            return user
        query = {key: values[-1].decode() for key, values in request.query_arguments.items()}
        asked = attributes(request.method or "", unquote(request.path), query)
        self.authorizer.require(user, asked)
        if asked.subresource in _STREAMS and asked.verb == "get":
            self.authorizer.require(user, replace(asked, verb="create"))
        return user


def attributes(method: str, path: str, query: Mapping[str, str]) -> Attributes:
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
            verb = "watch" if query.get("watch") in ("1", "true") else "list"
            name = one[1] if one else ""
        elif verb == "delete":
            verb = "deletecollection"
    return Attributes(verb, group, resource, subresource, namespace, name)
