"""Debian's packages, by dpkg's database (deb-control(5), dpkg-query(1)) and apt's states."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_STATUS = "var/lib/dpkg/status"
_LOG = "var/log/dpkg.log"
_STATES = "var/lib/apt/extended_states"
_LIST = re.compile(r"var/lib/dpkg/info/(?P<name>[^/:]+)(:[^/:]+)?\.list")

# What the managers and the scripts of packages keep for themselves, and make anew.
_THEIRS = (
    "var/lib/dpkg/",
    "var/lib/apt/",
    "var/cache/apt/",
    "var/cache/debconf/",
    "var/cache/ldconfig/",
    "var/log/apt/",
    "var/log/alternatives.log",
    _LOG,
    "etc/ld.so.cache",
    "etc/alternatives/",
    "etc/rc",
    "etc/systemd/system/",
    "var/lib/dbus/",
    "var/lib/pam/",
    "var/lib/systemd/",
    "var/lib/ucf/",
)
# Folders that are links into /usr, while packages may still name their files there.
_MERGED = ("bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/")


class Apt:
    """What a layer's files tell, one after the other."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        """The files of the packages that the layer brings."""
        self._listed: set[str] = set()
        self._status: dict[str, dict[str, str]] = {}
        self._auto: set[str] = set()
        self._upgraded: set[str] = set()

    @staticmethod
    def wants(path: str) -> bool:
        """Whether `read` makes something of this file."""
        return path in (_STATUS, _LOG, _STATES) or _LIST.fullmatch(path) is not None

    def read(self, path: str, data: bytes) -> None:
        """A file of the layer that is wanted."""
        text = data.decode("utf-8", "surrogateescape")
        if path == _STATUS:
            self._status = {stanza.get("Package", ""): stanza for stanza in _stanzas(text)}
        elif path == _STATES:
            auto = [stanza for stanza in _stanzas(text) if stanza.get("Auto-Installed") == "1"]
            self._auto = {stanza.get("Package", "") for stanza in auto}
        elif path == _LOG:
            for line in text.splitlines():
                _, _, action, name, *_ = [*line.split(" "), "", "", "", ""]
                if action == "upgrade":
                    self._upgraded.add(name.partition(":")[0])
                elif action == "install":
                    self._upgraded.discard(name.partition(":")[0])
        elif match := _LIST.fullmatch(path):
            self._listed.add(match["name"])
            for name in text.splitlines():
                file = name.lstrip("/")
                self.files.update((file, f"usr/{file}") if file.startswith(_MERGED) else (file,))

    def owns(self, path: str) -> bool:
        """Whether packages explain a file, or its having gone."""
        return path in self.files or (bool(self._status) and path.startswith(_THEIRS))

    def packages(self, gone: Iterable[str]) -> list[dict[str, Any]]:
        """What the layer does to packages; `gone` are the paths that it deletes.

        `manual`: somebody asked for it. `recommended`: nobody did, and nothing that somebody asked
        for depends on it, so that it came as a recommendation; what such a one depends on is not.
        `held`: its version was to stay. Whether one is new is taken from dpkg's log; without that
        all are.
        """
        installed = {name: stanza for name, stanza in self._status.items() if _is_installed(stanza)}
        brought = sorted(self._listed & installed.keys())
        manual = {name for name in brought if name not in self._auto}
        dependencies = _dependencies(installed)
        others = set(brought) - _needed(manual, dependencies)
        recommended = _roots((name for name in others if name not in self._upgraded), dependencies)
        found = [
            {
                "name": name,
                "version": installed[name].get("Version", ""),
                "manual": name in manual,
                "recommended": name in recommended,
                "held": installed[name]["Status"].startswith("hold "),
                "change": "changed" if name in self._upgraded else "added",
            }
            for name in brought
        ]
        matches = [match for path in gone if (match := _LIST.fullmatch(path))]
        removed = {match["name"] for match in matches} | self._listed
        if self._status:
            for name in sorted(removed - installed.keys()):
                found.append({"name": name, "version": "", "manual": True, "change": "removed"})
        return found


def _stanzas(text: str) -> Iterable[dict[str, str]]:
    for stanza in text.split("\n\n"):
        fields = re.findall(r"^([!-9;-~]+):[ \t]*(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE)
        if fields:
            yield dict(fields)


def _is_installed(stanza: dict[str, str]) -> bool:
    return stanza.get("Status", "").endswith(" installed")


def _dependencies(installed: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    """On which installed packages each one depends directly."""
    providers = {name: [name] for name in installed}
    for name, stanza in installed.items():
        for provided in _names(stanza.get("Provides", "")):
            providers.setdefault(provided, []).append(name)
    return {
        name: [
            provider
            for needed in _names(f"{stanza.get('Depends', '')},{stanza.get('Pre-Depends', '')}")
            for provider in providers.get(needed, ())
        ]
        for name, stanza in installed.items()
    }


def _needed(names: Iterable[str], dependencies: dict[str, list[str]]) -> set[str]:
    """Packages, and those on which they depend, directly or not."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += dependencies[name]
    return found


def _roots(names: Iterable[str], dependencies: dict[str, list[str]]) -> set[str]:
    """Few of the packages on which all of them depend."""
    needed = {name: _needed([name], dependencies) for name in names}
    roots: set[str] = set()
    covered: set[str] = set()
    for name in sorted(needed, key=lambda name: (-len(needed[name]), name)):
        if name not in covered:
            roots.add(name)
            covered |= needed[name]
    return roots


def _names(relations: str) -> list[str]:
    return re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]*)", relations)
