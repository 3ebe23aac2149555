"""All objects of a kind, as a notebook shows them and goes through them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from jupyter_trainhub.hub.tables import Table
from jupyter_trainhub.hub.views import View, Views
from jupyter_trainhub.widgets.still import table_html


class _Shown(Protocol):
    @property
    def view(self) -> View: ...


T = TypeVar("T", bound=_Shown)


class Collection(ABC, Generic[T]):
    """What can be counted, gone through and shown as a table, ``table`` of ``list()``."""

    table: ClassVar[staticmethod[[Views], Table]]

    @abstractmethod
    def list(self) -> Any:
        """Every object, as a list."""

    def __iter__(self) -> Iterator[T]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.list())

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return table_html(self._table())

    def _table(self) -> Table:
        return type(self).table([shown.view for shown in self.list()])
