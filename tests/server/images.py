"""Fakes of what the hub does with images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_trainhub.errors import Conflict, NotFound
from jupyter_trainhub.specs.transfer import CopySpec, ExportSpec, LoadSpec

View = dict[str, Any]


class FakeCatalogue:
    """Images by name."""

    def __init__(self) -> None:
        self.views: dict[str, View] = {}
        self.used: set[str] = set()

    def add(self, name: str, **fields: Any) -> None:
        known = {"kind": "image", "name": name, "title": name, "note": "", "description": ""}
        self.views[name] = known | fields

    def list(self, search: str) -> View:
        items = [view for name, view in self.views.items() if search in name]
        return {"items": items, "registry": None}

    def latest(self) -> Sequence[View]:
        return [*self.views.values()]

    def delete(self, name: str, *, force: bool) -> None:
        self.require(name)
        if name in self.used and not force:
            raise Conflict("it is used", reason="ImageInUse", field="name")
        del self.views[name]

    def tag(self, name: str, new_name: str, *, overwrite: bool) -> View:
        return self.require(name) | {"name": new_name, "overwritten": overwrite}

    def changes(self, name: str) -> View:
        self.require(name)
        return {"files": 1}

    def recipe(self, name: str) -> View:
        self.require(name)
        return {"Dockerfile": "FROM scratch\n", "notes": []}

    def require(self, name: str) -> View:
        if name not in self.views:
            raise NotFound(f"there is no image {name!r}", field="name")
        return self.views[name]


class FakeMoves:
    """Archives and relay: what was asked for, and where it may be."""

    def load(self, spec: LoadSpec, roots: Sequence[Path]) -> View:
        return self._begun("load", spec, roots)

    def export(self, spec: ExportSpec, roots: Sequence[Path]) -> View:
        return self._begun("export", spec, roots)

    def copy(self, spec: CopySpec) -> View:
        return self._begun("copy", spec, [])

    def _begun(self, kind: str, spec: Any, roots: Sequence[Path]) -> View:
        asked = {"asked": spec.to_dict(), "roots": [str(root) for root in roots]}
        return {"kind": "transfer", "id": "1", "type": kind, "phase": "Pending", **asked}
