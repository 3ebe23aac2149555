"""Log folders as somebody means them who works in a folder: in a terminal, in a notebook."""

from __future__ import annotations

from pathlib import Path

from jupyter_trainhub.hub.tensorboards.folders import LogFolder, parse


def from_here(text: str) -> str:
    """``text`` (``PATH`` or ``NAME:PATH``) as it reads anywhere: its path is absolute.

    Paths are relative to the working folder; addresses such as ``pvc://CLAIM/PATH`` stay. Raises
    InvalidField.
    """
    name, path = parse(text)
    if "://" in path:
        return text
    return str(LogFolder(name, str(Path(path).expanduser().absolute())))
