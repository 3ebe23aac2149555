"""Who asks: the user of a bearer token, and whom that user acts as."""

from __future__ import annotations

from dataclasses import replace

from tornado.httputil import HTTPHeaders

from ..apimachinery.status import ApiError, unauthorized
from .authorization import Authorizer
from .requestinfo import Attributes
from .tokenfile import TokenFile
from .tokens import ISSUER, TokenIssuer, groups_of
from .user import ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, User

_EXTRA = "Impersonate-Extra-"
_ACCOUNT = "system:serviceaccount:"


class Authenticator:
    """Knows users by the tokens of a file, and service accounts by those that were issued."""

    def __init__(self, file: TokenFile, issuer: TokenIssuer) -> None:
        self._file = file
        self._issuer = issuer

    def authenticate(self, headers: HTTPHeaders) -> User:
        """Who sent these headers; without a token it is ``system:anonymous``.

        Raises:
            ApiError: 401, nobody has that token, or it is no longer good.
        """
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return ANONYMOUS
        user = self.review(token.strip(), [ISSUER])
        if user is None:
            raise unauthorized()
        return user

    def review(self, token: str, audiences: list[str]) -> User | None:
        """Whose token it is, or None; a service account's must be for one of the audiences."""
        user = self._file.find(token) or self._issuer.user(token, audiences)
        return user and replace(user, groups=(*user.groups, AUTHENTICATED))


def impersonate(user: User, headers: HTTPHeaders, authorizer: Authorizer) -> User:
    """Whom the user acts as by these headers (``kubectl --as``).

    Raises:
        ApiError: 403, the user may not; 500 for headers that name no user.
    """
    name, uid = headers.get("Impersonate-User", ""), headers.get("Impersonate-Uid", "")
    groups = tuple(headers.get_list("Impersonate-Group"))
    extra = {
        header.removeprefix(_EXTRA).lower(): headers.get_list(header)
        for header in headers
        if header.startswith(_EXTRA)
    }
    if not name:
        if groups or extra or uid:
            # A real server calls this mistake its own.
            raise ApiError(500, "InternalError", "requested groups without impersonating a user")
        return user
    is_account = name.startswith(_ACCOUNT) and name.count(":") == 3
    _, _, namespace, account = name.split(":") if is_account else ("", "", "", "")
    if is_account:
        asked = [Attributes(resource="serviceaccounts", namespace=namespace, name=account)]
    else:
        asked = [Attributes(resource="users", name=name)]
    special = "authentication.k8s.io"
    asked += [Attributes(resource="groups", name=group) for group in groups]
    asked += [
        Attributes(group=special, resource="userextras", subresource=key, name=value)
        for key, values in extra.items()
        for value in values
    ]
    asked += [Attributes(group=special, resource="uids", name=uid)] if uid else []
    for attributes in asked:
        authorizer.require(user, replace(attributes, verb="impersonate"))
    if is_account and not groups:
        groups = groups_of(namespace)
    if name == ANONYMOUS.name:
        groups = groups or (UNAUTHENTICATED,)
    elif AUTHENTICATED not in groups and UNAUTHENTICATED not in groups:
        groups = (*groups, AUTHENTICATED)
    return User(name, groups, uid, extra)
