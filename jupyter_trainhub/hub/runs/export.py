"""A record as a folder of the user's own."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import AlreadyExists, InvalidField, NotFound, TrainHubError
from jupyter_trainhub.hub.images.copies.archive_paths import Root, new_file, site_roots
from jupyter_trainhub.hub.runs.folder import RUN, RunFolder
from jupyter_trainhub.hub.storages import Storages
from jupyter_trainhub.manifests.redaction import redacted

_FIELD = "folder"


def export(records: RunFolder, beside: RunFolder | None, target: Path) -> Path:
    """Copy a record to the new folder ``target``, whole or not at all, to show it to others.

    Of its variables those that look like secrets are hidden.
    ``beside`` is the folder that the run's pods wrote, where that is another one. Nothing is
    overwritten. Raises AlreadyExists, NotFound for a parent that is not there, and InvalidField.
    """
    if not target.parent.is_dir():
        raise NotFound(
            f"there is no folder {str(target.parent)!r}",
            field=_FIELD,
            remedy="Make it first, or choose another one.",
        )
    if target.exists() or target.is_symlink():
        raise AlreadyExists(
            f"{str(target)!r} is there already",
            reason="FileExists",
            field=_FIELD,
            remedy="Choose another folder.",
        )
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        part.mkdir()
        files = [
            (source, name, size)
            for source in filter(None, (beside, records))
            for name, size, _ in source.files()
        ]
        # A program may have written a file of any size, or a hole that looks like one.
        if sum(size for _, _, size in files) > shutil.disk_usage(part).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        for source, name, _ in files:
            _copy(source, name, part / name)
        run = part / RUN
        run.write_text(json.dumps(redacted(records.read_json(RUN) or {}), indent=1))
        os.rename(part, target)
    except OSError as error:
        raise InvalidField(
            f"the record cannot be written to {str(target)!r}: {error.strerror or error}",
            field=_FIELD,
            remedy="Choose a folder that the account of the Jupyter server may write to.",
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def target_within(
    path: str, run: str, roots: Sequence[Path], config: TrainHubConfig, storages: Storages
) -> Path:
    """Where the record of ``run`` goes that a user wants at ``path``: there, or in that folder.

    Allowed is what images may be written to. Raises InvalidField, NotFound, AlreadyExists.
    """
    allowed = [*map(Root, roots), *site_roots(config, storages)]
    try:
        return new_file(path, allowed, run, overwrite=False)
    except TrainHubError as error:
        error.field = _FIELD
        raise


def _copy(source: RunFolder, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # What is no file, or has gone meanwhile, is left out.
    with contextlib.suppress(NotFound), source.open(name) as read, target.open("wb") as file:
        shutil.copyfileobj(read, file, 1 << 20)
