"""What every request passes before it is served: who asks, as whom, and whether that one may."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from tornado.httputil import HTTPServerRequest

from .authentication import Authenticator, impersonate
from .authorization import Authorizer
from .requestinfo import attributes
from .user import MASTERS, User

# A websocket is opened by GET; what it does to a pod is a POST's work. Source: kube-apiserver 1.35.
_STREAMS = ("attach", "exec", "portforward")


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
