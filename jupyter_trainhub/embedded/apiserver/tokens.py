"""Service accounts' tokens: signed, bound to account and pod, void when one of them is gone.

They are JWTs whose claims and names are those of kube-apiserver.
"""

from __future__ import annotations

import time
import uuid
from functools import cached_property
from pathlib import Path
from typing import Any

from ..apimachinery import clock
from ..apimachinery.resources import NODES, PODS, SECRETS, SERVICEACCOUNTS, Resource
from ..apimachinery.status import bad_request, invalid, invalid_object, precondition_failed
from .admission.serviceaccount import MOUNTED_TOKEN
from .store import Object, Store
from .user import User

ISSUER = "https://kubernetes.default.svc.cluster.local"

_ALGORITHM = "ES256"
_SHORTEST, _DEFAULT, _LONGEST = 600, 3600, 1 << 32  # seconds

# Programs that read a mounted token only once go on working for a year (seconds); the token says
# as `warnafter` when it should have been read again.
_EXTENDED = 365 * 24 * 3600

# A pod's token is replaced when so much of its life is over, and every day. Source: kubelet.
_RENEW_AFTER = 0.8
_RENEW_DAILY = 24 * 3600

_TOKEN_REQUEST = Resource("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest")
_BINDABLE = {"Pod": PODS, "Secret": SECRETS}


class TokenIssuer:
    """Signs tokens and says whose they are.

    Args:
        key: a file that holds a private key for ECDSA on P-256, in PEM.
    """

    def __init__(self, store: Store, key: Path) -> None:
        self._store = store
        self._path = key

    @cached_property
    def _key(self) -> Any:
        # Imported when needed: not every cluster has pods that ask for a token.
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        return load_pem_private_key(self._path.read_bytes(), None)

    def for_pod(self, pod: Object, source: Object, previous: str = "") -> str:
        """The token of a ``serviceAccountToken`` volume source: ``previous`` while it is fresh.

        Raises:
            ApiError: 404, account or pod have gone.
        """
        audiences = [source.get("audience") or ISSUER]
        if previous and self.user(previous, audiences) and not _is_due(previous):
            return previous
        metadata = pod["metadata"]
        spec = {
            "audiences": audiences,
            "expirationSeconds": source.get("expirationSeconds", _DEFAULT),
            "boundObjectRef": {"kind": "Pod", "apiVersion": "v1",
                               "name": metadata["name"], "uid": metadata["uid"]},
        }  # fmt: skip
        account = pod["spec"]["serviceAccountName"]
        request = self.request(metadata["namespace"], account, {"spec": spec})
        return str(request["status"]["token"])

    def request(self, namespace: str, name: str, given: Object) -> Object:
        """Answer a ``TokenRequest`` for an account.

        Raises:
            ApiError: 400, 404, 409 or 422, as the API server.
        """
        account = self._store.get(SERVICEACCOUNTS, namespace, name)
        spec = given.get("spec") or {}
        seconds = spec.get("expirationSeconds") or _DEFAULT
        for wrong, limit in ((seconds < _SHORTEST, "less than 10 minutes"),
                             (seconds > _LONGEST, "larger than 2^32 seconds")):  # fmt: skip
            if wrong:
                detail = f"may not specify a duration {limit}"
                cause = invalid("spec.expirationSeconds", seconds, detail)
                raise invalid_object(_TOKEN_REQUEST, "", [cause])
        audiences = spec.get("audiences") or [ISSUER]
        bound = self._bound(namespace, name, spec.get("boundObjectRef"))
        now = int(time.time())
        extended = seconds == MOUNTED_TOKEN and "pod" in bound and ISSUER in audiences
        private = {"namespace": namespace, **bound, "serviceaccount": _reference(account)}
        if extended:
            private["warnafter"] = now + seconds
        claims = {
            "aud": audiences, "exp": now + (_EXTENDED if extended else seconds), "iat": now,
            "iss": ISSUER, "jti": str(uuid.uuid4()), "kubernetes.io": private, "nbf": now,
            "sub": f"system:serviceaccount:{namespace}:{name}",
        }  # fmt: skip
        import jwt

        return {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"name": name, "namespace": namespace, "creationTimestamp": clock.now()},
            "spec": {"audiences": audiences, "expirationSeconds": seconds,
                     "boundObjectRef": spec.get("boundObjectRef")},
            "status": {"token": jwt.encode(claims, self._key, _ALGORITHM),
                       "expirationTimestamp": clock.at(now + seconds)},
        }  # fmt: skip

    def _bound(self, namespace: str, account: str, reference: Object | None) -> Object:
        """The claims about the object that a token is bound to."""
        if not reference:
            return {}
        kind, name = str(reference.get("kind")), str(reference.get("name"))
        resource = _BINDABLE.get(kind)
        if resource is None or reference.get("apiVersion") != "v1":
            group = f"{reference.get('apiVersion')}, Kind={kind}"
            raise bad_request(f"cannot bind token to object of type {group}")
        obj = self._store.get(resource, namespace, name)
        used = obj["spec"].get("serviceAccountName") if resource is PODS else account
        if used != account:
            raise bad_request(
                f'cannot bind token for serviceaccount "{account}" to pod running with '
                f'serviceaccount "{used}"'
            )
        uid = reference.get("uid") or obj["metadata"]["uid"]
        if uid != obj["metadata"]["uid"]:
            where = "bound object reference"
            raise precondition_failed(resource, name, "UID", uid, obj["metadata"]["uid"], where)
        bound = {kind.lower(): _reference(obj)}
        node = resource is PODS and self._store.find(NODES, "", obj["spec"].get("nodeName", ""))
        return {**bound, "node": _reference(node)} if node else bound

    def user(self, token: str, audiences: list[str]) -> User | None:
        """Whose token it is; None when it is none, not for an audience of these, or void."""
        import jwt

        try:
            claims = jwt.decode(
                token, self._key.public_key(), [_ALGORITHM], audience=audiences, issuer=ISSUER
            )
        except jwt.InvalidTokenError:
            return None
        private = claims["kubernetes.io"]
        namespace = private["namespace"]
        for resource in (SERVICEACCOUNTS, PODS, SECRETS):
            bound = private.get(resource.kind.lower())
            obj = bound and self._store.find(resource, namespace, bound["name"])
            if bound and (obj is None or obj["metadata"]["uid"] != bound["uid"]):
                return None
        extra = {"credential-id": [f"JTI={claims['jti']}"]}
        for kind in ("node", "pod"):
            for key, value in private.get(kind, {}).items():
                extra[f"{kind}-{key}"] = [value]
        return User(
            claims["sub"],
            groups_of(namespace),
            private["serviceaccount"]["uid"],
            {f"authentication.kubernetes.io/{key}": value for key, value in extra.items()},
        )


def groups_of(namespace: str) -> tuple[str, ...]:
    """The groups that every service account of a namespace is in."""
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")


def _reference(obj: Object) -> Object:
    return {"name": obj["metadata"]["name"], "uid": obj["metadata"]["uid"]}


def _is_due(token: str) -> bool:
    import jwt

    claims = jwt.decode(token, options={"verify_signature": False})
    issued = float(claims["iat"])
    life = float(claims["kubernetes.io"].get("warnafter", claims["exp"])) - issued
    return time.time() >= issued + min(life * _RENEW_AFTER, _RENEW_DAILY)
