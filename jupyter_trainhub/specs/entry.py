"""Entries of the lists from which users choose, as an administrator writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field
from typing_extensions import Self

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.specs.base import Spec


class Entry(Spec):
    """One of several to choose from."""

    name: str = Field(
        title="Name", description="By which it is chosen.", min_length=1, max_length=512
    )
    title: str | None = Field(
        default=None, title="Title", description="What forms show. Left out: the name."
    )
    description: str = Field(default="", title="Description", description="One sentence on it.")

    @property
    def label(self) -> str:
        """What people read: the title, else the name."""
        return self.title or self.name

    @classmethod
    def parse_all(cls, entries: Iterable[Any]) -> list[Self]:
        """The entries of a list. Raises InvalidField naming the one at fault."""
        found: dict[str, Self] = {}
        for number, data in enumerate(entries):
            name = data.get("name") if isinstance(data, dict) else None
            which = f"entry {name!r}: " if name else ""
            try:
                entry = cls.parse(data)
            except InvalidField as error:
                raise InvalidField(
                    f"{which}{error.message}", field=f"{number}.{error.field}", remedy=error.remedy
                ) from None
            if entry.name in found:
                raise InvalidField(
                    f"{which}the name is used twice",
                    field=f"{number}.name",
                    remedy="Give each entry a name of its own.",
                )
            found[entry.name] = entry
        return list(found.values())
