"""A storage: a folder that the site offers, to whom, and how it is made where it is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Annotated, Any

from pydantic import Field, model_validator
from typing_extensions import Self

from jupyter_trainhub.specs.base import FieldError, Spec
from jupyter_trainhub.specs.entry import Entry
from jupyter_trainhub.specs.mount import Mount

_GROUP = "{group}"
_PLACEHOLDER = re.compile(r"\{(username|group)\}")

# Fields that name Kubernetes objects, and those that are for reading only.
_OBJECT_NAMES = ("claim", "secret")
_TEXTS = ("title", "description")

AccountId = Annotated[int, Field(ge=0, le=2**32 - 2)]


class NewFolder(Spec):
    """Owner and mode of a folder that is made."""

    uid: AccountId = Field(title="User", description="Number of the user who owns it.")
    gid: AccountId = Field(title="Group", description="Number of the group that owns it.")
    mode: str = Field(
        default="0750",
        title="Mode",
        description='Who may do what, as chmod takes it: an octal number as text, such as "0750".',
        pattern=r"^[0-7]{3,4}$",
    )


class Storage(Mount, Entry):
    """A folder that the site offers.

    ``{username}`` and ``{group}`` may stand in every text; see :meth:`for_user`.
    """

    groups: list[str] = Field(
        default_factory=list, title="Groups", description="The groups that it is offered to."
    )
    users: list[str] = Field(
        default_factory=list, title="Users", description="The users that it is offered to."
    )
    default: bool = Field(
        default=False, title="Default", description="Whether it is mounted where nothing is asked."
    )
    local_path: str | None = Field(
        default=None,
        title="Local path",
        description="Where Jupyter servers see it. Left out: the folder of host_path where a node "
        "is this machine, else nowhere.",
        pattern=r"^/",
        max_length=4096,
    )
    create: NewFolder | None = Field(
        default=None,
        title="Create",
        description="Owner and mode of sub_path where it does not exist. Left out: root's.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.create is not None and self.sub_path in (None, "."):
            raise FieldError(
                "create",
                "only a folder below the volume's root can be made",
                "Give sub_path, such as 'users/{username}'.",
            )
        if _GROUP in self.model_dump_json():
            for field in ("name", "path"):
                if _GROUP not in getattr(self, field):
                    raise FieldError(
                        field,
                        f"the folders of two groups would have one {field}",
                        f"Put {_GROUP} into it.",
                    )
        return self

    @property
    def audience(self) -> str:
        """In words, whom it is offered to."""
        parts = [("user", self.users), ("group", self.groups)]
        words = [
            f"{word}{'s' if len(names) > 1 else ''} {', '.join(names)}"
            for word, names in parts
            if names
        ]
        return " and ".join(words) or "everybody"

    def for_user(self, user: str, groups: Collection[str]) -> list[Storage]:
        """What of it is offered to ``user``, a member of ``groups``, with placeholders filled.

        An entry with ``{group}`` becomes one for each group. A value stays one component of a
        path: ``/``, ``%``, ``:`` and control characters in it, and names of dots alone, become
        ``%`` and their code. In names of Kubernetes objects all but small letters and digits
        become ``-`` and their code, as KubeSpawner's ``{escaped_username}``: ``a@b`` is ``a-40b``.
        Raises InvalidField where the result is no storage, as when it is too long.
        """
        if not user:
            return []
        named = user in self.users or not (self.users or self.groups)
        members = [group for group in groups if group and (named or group in self.groups)]
        if _GROUP in self.name:
            return [self._filled(user, group) for group in members]
        return [self._filled(user, "")] if named or members else []

    def _filled(self, user: str, group: str) -> Storage:
        values = {"username": user, "group": group}

        def fill(item: Any, escape: Callable[[str], str]) -> Any:
            if isinstance(item, str):
                return _PLACEHOLDER.sub(lambda found: escape(values[found[1]]), item)
            if isinstance(item, dict):
                return {key: fill(inner, _escape_for(key, escape)) for key, inner in item.items()}
            return item

        return Storage.parse(fill(self.to_dict(), _path_component))


def _escape_for(field: str, outer: Callable[[str], str]) -> Callable[[str], str]:
    if field in _OBJECT_NAMES:
        return _object_name
    return str if field in _TEXTS else outer


def _path_component(text: str) -> str:
    if not text.strip("."):
        return "".join(f"%{ord(dot):02X}" for dot in text)
    return re.sub(r"[/%:\x00-\x1f\x7f]", lambda found: f"%{ord(found[0]):02X}", text)


def _object_name(text: str) -> str:
    return re.sub(
        r"[^a-z0-9]", lambda found: "".join(f"-{byte:02x}" for byte in found[0].encode()), text
    )
