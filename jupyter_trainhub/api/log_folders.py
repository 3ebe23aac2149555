"""Log folders as a notebook names them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_trainhub.api import session
from jupyter_trainhub.hub.tensorboards.folders import LogFolder
from jupyter_trainhub.hub.tensorboards.roots import allowed_folder
from jupyter_trainhub.hub.tensorboards.working_folder import from_here

# A path, "name:path", or several by their names.
Folder = str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]]


def texts(folders: Iterable[Folder], *, in_pods: bool = False) -> list[str]:
    """Folders as TrainHub writes them; ``in_pods`` says that they are not paths of here.

    Raises InvalidField.
    """
    written: list[str] = []
    for folder in folders:
        if isinstance(folder, Mapping):
            written += [str(LogFolder(name, os.fspath(path))) for name, path in folder.items()]
        else:
            # A path has no name, whatever it holds.
            written.append(folder if isinstance(folder, str) else str(LogFolder("", str(folder))))
    return written if in_pods else [from_here(text) for text in written]


def here(path: str) -> Path:
    """A folder of this machine that may be shown. Raises InvalidField and NotFound."""
    folder = Path(path).expanduser()
    return allowed_folder(folder, session.log_roots(), shown=path, field="folders")
