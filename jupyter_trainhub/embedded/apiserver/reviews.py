"""Questions that are answered and forgotten: who am I, may I, whose token is this."""

from __future__ import annotations

from collections.abc import Iterator

from ..apimachinery import clock
from ..apimachinery.resources import Resource
from ..apimachinery.status import Cause, bad_request, invalid, invalid_object, required
from .filters import Filters
from .requestinfo import Attributes
from .store import Object
from .tokens import ISSUER
from .user import User

_ATTRIBUTES = ("verb", "group", "resource", "subresource", "namespace", "name")


def answer(
    filters: Filters, user: User, resource: Resource, namespace: str, asked: Object
) -> Object:
    """A review that ``user`` asks for, with its status.

    Raises:
        ApiError: 400 or 422, it asks nothing that can be answered.
    """
    spec = asked.get("spec") or {}
    body: Object = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}}
    if resource.kind == "SelfSubjectReview":
        metadata = {"creationTimestamp": clock.now()}
        return {**body, "metadata": metadata, "status": {"userInfo": user.info()}}
    if resource.kind == "SelfSubjectRulesReview":
        # A real server does not repeat this question either.
        return {**body, "spec": {}, "status": _rules(filters, user, spec.get("namespace"))}
    if resource.kind == "TokenReview":
        if not spec.get("token"):
            raise invalid_object(resource, "", [required("spec.token")])
        return {**body, "spec": spec, "status": _token(filters, spec)}
    causes = list(_causes(resource, spec, namespace))
    if causes:
        raise invalid_object(resource, "", causes)
    if not resource.kind.startswith("Self"):
        user = User(spec.get("user") or "", tuple(spec.get("groups") or ()))
    metadata = {"namespace": namespace} if namespace else {}
    return {**body, "metadata": metadata, "spec": spec, "status": _access(filters, user, spec)}


def _access(filters: Filters, user: User, spec: Object) -> Object:
    if spec.get("nonResourceAttributes") is not None:
        given = spec["nonResourceAttributes"]
        asked = Attributes(given.get("verb", ""), path=given.get("path", ""))
    else:
        given = spec["resourceAttributes"]
        asked = Attributes(*(given.get(field, "") for field in _ATTRIBUTES))
    allowed, reason = filters.authorizer.decide(user, asked)
    return {"allowed": allowed, **({"reason": reason} if reason else {})}


def _causes(resource: Resource, spec: Object, namespace: str) -> Iterator[Cause]:
    of, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if of is not None and other is not None:
        detail = "cannot be specified in combination with resourceAttributes"
        yield invalid("spec.nonResourceAttributes", other, detail)
    if of is None and other is None:
        detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        yield invalid("spec.resourceAttributes", None, detail)
    if not (resource.kind.startswith("Self") or spec.get("user") or spec.get("groups")):
        yield invalid("spec.user", "", "at least one of user or group must be specified")
    if namespace and of is not None and of.get("namespace", "") != namespace:
        path, detail = "spec.resourceAttributes.namespace", "must match metadata.namespace"
        yield invalid(path, of.get("namespace", ""), detail)
    if namespace and other is not None:
        detail = "disallowed on this kind of request"
        yield invalid("spec.nonResourceAttributes", other, detail)


def _rules(filters: Filters, user: User, namespace: str | None) -> Object:
    if not namespace:
        raise bad_request("no namespace on request")
    rules = filters.authorizer.rules(user, namespace)
    return {
        "resourceRules": [rule for rule in rules if rule.get("resources")],
        "nonResourceRules": [rule for rule in rules if rule.get("nonResourceURLs")],
        "incomplete": False,
    }


def _token(filters: Filters, spec: Object) -> Object:
    audiences = spec.get("audiences") or [ISSUER]
    user = filters.authenticator.review(spec["token"], audiences)
    if user is None:
        return {"user": {}, "error": "invalid bearer token"}
    return {"authenticated": True, "user": user.info(), "audiences": audiences}
