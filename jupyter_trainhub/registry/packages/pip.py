"""Python's packages, by their metadata ("Recording installed projects", packaging.python.org)."""

from __future__ import annotations

import contextlib
import csv
import json
import posixpath
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_FILE = re.compile(
    r"(?P<folder>(?P<location>.*)/[^/]+\.dist-info)/"
    r"(?P<file>METADATA|INSTALLER|RECORD|REQUESTED|direct_url\.json)"
)
# What makes an environment ("Virtual Environments as a lightweight target", PEP 405).
_ENVIRONMENT = re.compile(r"(?P<prefix>.*)/pyvenv\.cfg")
_OF_ENVIRONMENT = re.compile(
    r"(pyvenv\.cfg|lib64|\.gitignore|bin/(python|[aA]ctivate|deactivate|pip)[^/]*)"
)
_FOLDER = re.compile(r"(?P<location>.*)/(?P<name>[^/-]+)-(?P<version>[^/-]+)\.dist-info(/.*)?")


class Pip:
    """What a layer's files tell, one after the other."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        """The files of the packages that the layer brings."""
        self.environments: dict[str, str] = {}
        """Virtual environments that the layer makes, and the folder with the Python of each."""
        self._found: dict[str, dict[str, Any]] = {}
        self._folders: set[str] = set()

    @staticmethod
    def wants(path: str) -> bool:
        """Whether `read` makes something of this file."""
        return bool(_FILE.fullmatch(path) or _ENVIRONMENT.fullmatch(path))

    def read(self, path: str, data: bytes) -> None:
        """A file of the layer that is wanted."""
        text = data.decode("utf-8", "surrogateescape")
        if made := _ENVIRONMENT.fullmatch(path):
            home = re.search(r"^home *= *(.+?)\s*$", text, re.MULTILINE)
            self.environments[made["prefix"]] = home[1] if home else ""
            return
        match = _FILE.fullmatch(path)
        assert match is not None
        found = self._found.setdefault(match["folder"], {"location": match["location"]})
        if match["file"] == "METADATA":
            fields = dict(re.findall(r"^(Name|Version): *(.*?)\s*$", _head(text), re.MULTILINE))
            found["name"], found["version"] = fields.get("Name", ""), fields.get("Version", "")
        elif match["file"] == "INSTALLER":
            found["installer"] = text.strip()
        elif match["file"] == "REQUESTED":
            found["requested"] = True
        elif match["file"] == "direct_url.json":
            found |= _origin(text)
        else:
            with contextlib.suppress(csv.Error):
                for name, *_ in filter(None, csv.reader(text.splitlines())):
                    self.files.add(posixpath.normpath(posixpath.join(match["location"], name)))
        self.files.add(path)

    def packages(self, gone: Iterable[str], explained: set[str]) -> list[dict[str, Any]]:
        """What the layer does to packages; `gone` are the paths that it deletes.

        `explained` are files of other managers, which bring packages for Python, too. `requested`:
        somebody asked for it; `url`: where it comes from, if not from an index, in the way of
        requirements; `editable`: as a folder in which people work.
        """
        old = {
            (match["location"], normalized(match["name"])): match["version"]
            for path in gone
            if (match := _FOLDER.fullmatch(path))
        }
        packages = []
        for folder, found in sorted(self._found.items()):
            if "name" not in found or found.get("installer") == "conda":
                continue
            was = old.pop((found["location"], normalized(found["name"])), None)
            if f"{folder}/METADATA" in explained:
                continue
            told = {key: value for key, value in found.items() if key != "installer"}
            packages.append({**told, "change": "added" if was is None else "changed"})
            self._folders.add(f"{found['location']}/{_module(found['name'])}")
        for (location, name), version in sorted(old.items()):
            told = {"name": name, "version": version, "location": location}
            packages.append({**told, "change": "removed"})
            self._folders.add(f"{location}/{_module(name)}")
        return packages

    def owns(self, path: str) -> bool:
        """Whether packages, or the environments for them, explain a file."""
        return path in self.files or any(
            path.startswith(f"{prefix}/") and _OF_ENVIRONMENT.fullmatch(path[len(prefix) + 1 :])
            for prefix in self.environments
        )

    def explains_deletion(self, path: str) -> bool:
        """Whether a path went with a package that the layer changes. Known after `packages`."""
        return _FOLDER.fullmatch(path) is not None or any(
            path == folder or path.startswith(f"{folder}/") for folder in self._folders
        )


def normalized(name: str) -> str:
    """A package's name in its one spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _module(name: str) -> str:
    return normalized(name).replace("-", "_")


def _head(text: str) -> str:
    return text.replace("\r\n", "\n").split("\n\n", 1)[0]


def _origin(text: str) -> dict[str, Any]:
    """A "direct URL" (PEP 610) as the requirement that it was. Passwords are left out."""
    try:
        document = json.loads(text)
        url = _without_password(str(document["url"]))
        if isinstance(vcs := document.get("vcs_info"), dict):
            url = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
        if folder := document.get("subdirectory"):
            url += f"#subdirectory={folder}"
        editable = bool((document.get("dir_info") or {}).get("editable"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}
    return {"url": url, **({"editable": True} if editable else {})}


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    # `git` is no secret, and its servers want it.
    netloc = f"git@{host}" if at and user == "git" else host
    return urlunsplit(parts._replace(netloc=netloc))
