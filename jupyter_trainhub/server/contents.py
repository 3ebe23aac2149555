"""What a path in JupyterLab's file browser is on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_server.services.contents.fileio import FileManagerMixin
from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server.utils import ApiPath, to_os_path

from jupyter_trainhub.errors import InvalidField, NotFound
from jupyter_trainhub.hub.tensorboards.roots import allowed_folder


def root_folder(contents: ContentsManager, *, field: str) -> Path:
    """The folder that the file browser shows.

    Raises InvalidField where it shows no folder of this machine.
    """
    if not isinstance(contents, FileManagerMixin):
        raise InvalidField(
            f"this Jupyter server keeps its files by {type(contents).__name__}, not in a folder",
            field=field,
            remedy="Give an absolute path of this machine inside the allowed roots, "
            "or start Jupyter on a folder.",
        )
    return Path(contents.root_dir).absolute()


def shown_folders(contents: ContentsManager) -> list[Path]:
    """The folder that the file browser shows, where that is one of this machine."""
    if not isinstance(contents, FileManagerMixin):
        return []
    return [root_folder(contents, field="path")]


def notebook_file(contents: ContentsManager, path: str, *, field: str) -> Path:
    """The file of a notebook that the contents API calls ``path``.

    Links are followed wherever they lead, as the contents API itself does: the user can open that
    file already. Raises InvalidField for a path that leaves the root folder, and NotFound.
    """
    root = root_folder(contents, field=field)
    file = path_below(root, path, field=field)
    if not file.is_file():
        raise NotFound(
            f"there is no notebook {path!r}",
            field=field,
            remedy="Save the notebook first, or check its path.",
        )
    return file


def log_folder(contents: ContentsManager, path: str, roots: Sequence[str], *, field: str) -> Path:
    """The folder to show in TensorBoard: a contents path, or an absolute one.

    It must lie inside the file browser's root or one of ``roots``. Raises InvalidField, NotFound.
    """
    allowed = [Path(root) for root in roots]
    if path.startswith("/"):
        folder = Path(path)
        if isinstance(contents, FileManagerMixin):
            allowed.insert(0, root_folder(contents, field=field))
    else:
        root = root_folder(contents, field=field)
        allowed.insert(0, root)
        folder = path_below(root, path, field=field)
    return allowed_folder(folder, allowed, shown=path, field=field)


def path_below(root: Path, path: str, *, field: str) -> Path:
    if "\0" in path:
        raise InvalidField(
            "a path cannot hold a NUL character",
            field=field,
            remedy="Name it as the file browser does.",
        )
    file = Path(to_os_path(ApiPath(path), str(root)))
    if not file.is_relative_to(root):
        raise InvalidField(
            f"{path!r} leads out of the folder that Jupyter shows",
            field=field,
            remedy="Name it as the file browser does, without '..'.",
        )
    return file
