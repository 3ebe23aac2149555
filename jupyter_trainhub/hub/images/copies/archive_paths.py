"""Which files images may be loaded from and written to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import AlreadyExists, InvalidField, NotFound
from jupyter_trainhub.hub.storages import Storages

_FIELD = "path"


@dataclass(frozen=True)
class Root:
    """A folder of this machine, with all below it; ``seen_at`` is where pods see it, if they do."""

    folder: Path
    seen_at: str = ""
    read_only: bool = False


def site_roots(config: TrainHubConfig, storages: Storages) -> list[Root]:
    """What the site allows: its ``archive_roots``, and the storages that this machine has.

    Raises InvalidField where the site's storages do not fit the user.
    """
    roots = [Root(Path(folder).expanduser()) for folder in config.archive_roots]
    if storages.is_local():
        for storage in storages.offered():
            if storage.host_path is not None:
                folder = Path(storage.host_path, storage.sub_path or "")
                roots.append(Root(folder, storage.path, storage.read_only))
    return roots


def source_file(path: str, roots: Sequence[Root]) -> Path:
    """The archive, or the folder with an OCI layout, that the user calls ``path``.

    A relative path is below the first root. Links are resolved, and must not lead out of the roots.
    Raises InvalidField for a path outside, and NotFound.
    """
    allowed = [file for _, file in _allowed(path, roots)]
    with told(path):
        for file in allowed:
            content = file / "index.json" if file.is_dir() else file
            if content.is_file():
                content.open("rb").close()
                return file
    if not allowed:
        raise _outside(path, roots)
    raise NotFound(
        f"there is no archive {path!r}",
        field=_FIELD,
        remedy="Check the path, or upload the archive by the file browser.",
    )


def new_file(path: str, roots: Sequence[Root], name: str, *, overwrite: bool) -> Path:
    """The file to write that the user calls ``path``; ``name`` is that of one in a folder ``path``.

    Raises as :func:`source_file` does, and AlreadyExists unless with ``overwrite``.
    """
    writable = [root for root in roots if not root.read_only]
    allowed = [file for _, file in _allowed(path, writable)]
    if not allowed:
        raise _outside(path, writable)
    with told(path):
        file = next((file for file in allowed if file.parent.is_dir()), None)
        if file is None:
            raise NotFound(
                f"there is no folder for {path!r}", field=_FIELD, remedy="Make the folder first."
            )
        if file.is_dir():
            file /= name
        if file.exists() and not (overwrite and file.is_file()):
            raise AlreadyExists(
                f"there is a file {path!r} already"
                if file.is_file()
                else f"{path!r} is there already, and is no file",
                reason="FileExists",
                field=_FIELD,
                remedy="Choose another name, or overwrite it.",
            )
    return file


@contextlib.contextmanager
def told(path: str) -> Iterator[None]:
    """Raise as InvalidField what the system refuses with the file that the user calls ``path``."""
    try:
        yield
    except OSError as error:
        raise InvalidField(
            f"{path!r} cannot be used: {error.strerror or error}",
            field=_FIELD,
            remedy="Choose a file that the account of the Jupyter server may use.",
        ) from None


def _allowed(path: str, roots: Sequence[Root]) -> Iterator[tuple[Root, Path]]:
    """What ``path`` may mean, as far as it lies in a root."""
    for candidate in _candidates(path, roots):
        try:
            resolved = candidate.resolve()
        except (OSError, RuntimeError, ValueError):
            continue  # no path, or links in a circle
        for root in roots:
            if resolved.is_relative_to(root.folder.resolve()):
                yield root, resolved


def _candidates(path: str, roots: Sequence[Root]) -> Iterator[Path]:
    if not path.startswith("/"):
        if roots:
            yield roots[0].folder / path
        return
    yield Path(path)
    # As the user knows it from an instance.
    for root in roots:
        if root.seen_at and PurePosixPath(path).is_relative_to(root.seen_at):
            yield root.folder / PurePosixPath(path).relative_to(root.seen_at)


def _outside(path: str, roots: Sequence[Root]) -> InvalidField:
    listed = " or ".join(str(root.seen_at or root.folder) for root in roots)
    return InvalidField(
        f"{path!r} lies outside the allowed folders",
        field=_FIELD,
        remedy=f"Choose a path in {listed}, or let an administrator add its folder to "
        "TrainHubConfig.archive_roots."
        if listed
        else "Let an administrator name folders in TrainHubConfig.archive_roots.",
    )
