"""Somebody who asks the API server, by name and groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MASTERS = "system:masters"  # may do everything, whatever the roles say
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"


@dataclass(frozen=True)
class User:
    """Who it is, as a token or an impersonation says."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: dict[str, list[str]] = field(default_factory=dict, compare=False)

    def info(self) -> dict[str, Any]:
        """``authentication.k8s.io`` UserInfo."""
        body = {"username": self.name, "uid": self.uid, "groups": list(self.groups),
                "extra": self.extra}  # fmt: skip
        return {key: value for key, value in body.items() if value}


ANONYMOUS = User("system:anonymous", (UNAUTHENTICATED,))
