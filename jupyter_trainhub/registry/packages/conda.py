"""Conda's packages, by the documents in `conda-meta` of their environment."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from typing import Any

_META = re.compile(r"(?P<prefix>.*)/conda-meta/(?P<stem>[^/]+)\.json")
_OWN = re.compile(r".*/(conda-meta|pkgs)/[^/]+(/.*)?")


class Conda:
    """What a layer's files tell, one after the other."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        """The files of the packages that the layer brings."""
        self._found: list[dict[str, Any]] = []
        self._prefixes: set[str] = set()

    @staticmethod
    def wants(path: str) -> bool:
        """Whether `read` makes something of this file."""
        return _META.fullmatch(path) is not None

    def read(self, path: str, data: bytes) -> None:
        """A file of the layer that is wanted."""
        match = _META.fullmatch(path)
        assert match is not None
        try:
            document = json.loads(data)
            files = [posixpath.join(match["prefix"], name) for name in document["files"]]
            self._found.append(
                {
                    "name": str(document["name"]),
                    "version": str(document["version"]),
                    "build": str(document.get("build") or document.get("build_string") or ""),
                    "channel": _channel(str(document.get("channel") or "")),
                    "prefix": match["prefix"],
                }
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            return  # something else of the same name
        self.files.update(files)
        self._prefixes.add(match["prefix"])

    def owns(self, path: str) -> bool:
        """Whether packages explain a file, or its having gone."""
        return path in self.files or any(
            path.startswith(f"{prefix}/") and _OWN.fullmatch(path) for prefix in self._prefixes
        )

    def packages(self, gone: Iterable[str]) -> list[dict[str, Any]]:
        """What the layer does to packages; `gone` are the paths that it deletes."""
        old = {}
        for path in gone:
            if match := _META.fullmatch(path):
                name, version, build = _parts(match["stem"])
                old[(match["prefix"], name)] = (version, build)
        packages = []
        for found in sorted(self._found, key=lambda found: (found["prefix"], found["name"])):
            was = old.pop((found["prefix"], found["name"]), None)
            packages.append({**found, "change": "added" if was is None else "changed"})
        for (prefix, name), (version, build) in sorted(old.items()):
            told = {"version": version, "build": build, "channel": "", "prefix": prefix}
            packages.append({"name": name, **told, "change": "removed"})
        return packages


def _parts(stem: str) -> tuple[str, str, str]:
    name, version, build = [*stem.rsplit("-", 2), "", ""][:3]
    return name, version, build


def _channel(url: str) -> str:
    """A channel as environments name it: no platform, and neither password nor token."""
    plain = re.sub(r"//[^/@]*@", "//", re.sub(r"/t/[^/]+(?=/)", "", url)).rstrip("/")
    plain = re.sub(r"/(noarch|(linux|osx|win)-[a-z0-9]+)$", "", plain)
    return plain.removeprefix("https://conda.anaconda.org/")
