"""What is kept of a TensorBoard of this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """How a TensorBoard runs: seconds, seconds and bytes; 0 never ends it, and sets no limit."""

    idle_seconds: int = 0
    reload_interval: int = 0
    memory: int = 0


@dataclass(frozen=True)
class Options:
    """What somebody asked for; None takes what the site has set.

    As in :class:`Settings`; ``name`` is the title, "" for one from the folders.
    """

    idle_seconds: int | None = None
    reload_interval: int | None = None
    memory: int | None = None
    name: str = ""

    def over(self, site: Settings) -> Settings:
        """These where they are given, else the site's."""
        asked = {name: getattr(self, name) for name in vars(site)}
        return replace(site, **{name: value for name, value in asked.items() if value is not None})

    def beside(self, site: Settings) -> Options:
        """These without those that the site has set anyway."""
        same = [name for name, value in vars(site).items() if getattr(self, name) == value]
        return replace(self, **dict.fromkeys(same))  # type: ignore[arg-type]

    def later(self, options: Options) -> Options:
        """These, and those of ``options`` that are given instead."""
        return replace(
            self,
            **{name: value for name, value in vars(options).items() if value not in (None, "")},
        )


NO_OPTIONS = Options()


@dataclass(frozen=True)
class Record:
    """One TensorBoard as it was started.

    ``folders`` are texts (``PATH`` or ``NAME:PATH``) with absolute paths; ``prefix`` is the random
    path below which it answers (a capability: TensorBoard knows no users); ``pid`` and ``birth``
    name the process for good, also after the number is used again; ``started`` is ISO 8601 UTC.
    ``settings`` are what it was started with, ``options`` what was asked for. ``stopped`` says in
    words why it was stopped on purpose.
    """

    id: str
    folders: tuple[str, ...]
    prefix: str
    pid: int
    birth: str
    started: str
    settings: Settings = Settings()
    options: Options = NO_OPTIONS
    stopped: str = ""


def record_id(folders: Sequence[str], options: Options) -> str:
    """The id of the TensorBoard of these folders, which are sorted texts, and options."""
    asked = {name: value for name, value in vars(options).items() if value is not None}
    del asked["name"]
    key = [*folders, json.dumps(asked, sort_keys=True)] if asked else folders
    return sha256("\0".join(key).encode()).hexdigest()[:16]


def read_record(data: Mapping[str, Any]) -> Record | None:
    """The record in a JSON object, also of an earlier or later TrainHub; None where it is none."""
    try:
        record = _made(Record, data)
        return replace(
            record,
            pid=int(record.pid),
            folders=tuple(str(folder) for folder in record.folders),
            settings=_made(Settings, data.get("settings", {})),
            options=_made(Options, data.get("options", {})),
        )
    except (TypeError, ValueError):
        return None


def _made(kind: type[T], data: Mapping[str, Any]) -> T:
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in data.items() if name in names})
