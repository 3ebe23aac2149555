"""Starts the process that is a TensorBoard."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

from jupyter_trainhub.errors import Conflict, InvalidField, NotFound
from jupyter_trainhub.hub.tensorboards.folders import LogFolder, named, parse
from jupyter_trainhub.hub.tensorboards.local import process
from jupyter_trainhub.hub.tensorboards.local.record import Options, Record, Settings
from jupyter_trainhub.hub.tensorboards.local.registry import Registry, RegistryUnwritable
from jupyter_trainhub.inpod import program

HOST = "127.0.0.1"
GRACE_SECONDS = 5.0
_PROGRAM = "serve_tensorboard.py"
_STATE_BYTES = 16 * 1024


def launch(
    registry: Registry,
    id_: str,
    folders: list[LogFolder],
    options: Options,
    settings: Settings,
    python: str,
) -> Record:
    """Starts the TensorBoard ``id_``, which the caller has locked; does not wait for it.

    Raises RegistryUnwritable.
    """
    folder = registry.folder(id_)
    prefix = f"/{secrets.token_hex(16)}"
    shown = named(folders) if len(folders) > 1 else folders
    argv = [
        python,
        str(folder / _PROGRAM),
        # In one word with it: a name may begin with a dash.
        *(f"--folder={each}" for each in shown),
        *("--host", HOST),
        *("--idle-seconds", str(settings.idle_seconds)),
        *("--reload-interval", str(settings.reload_interval)),
        *("--memory", str(settings.memory)),
        *("--state-file", str(folder / "state.json")),
    ]
    with registry.writing():
        # Where there is no room for its state, nobody would hear of it.
        (folder / "state.json").write_bytes(bytes(_STATE_BYTES))
        (folder / "state.json").unlink()
        (folder / _PROGRAM).write_bytes(program(_PROGRAM))
        pid, birth = process.start(
            argv,
            folder=folder,
            log=folder / "log.txt",
            environment={"TRAINHUB_TENSORBOARD_PREFIX": prefix},
        )
    texts = tuple(str(each) for each in folders)
    started = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    record = Record(
        id_, texts, prefix, pid, birth, started.replace("+00:00", "Z"), settings, options
    )
    try:
        registry.write(record)
    except RegistryUnwritable:
        # Nobody could find it again.
        process.end(pid, birth, grace=GRACE_SECONDS)
        raise
    return record


def chosen_folders(folders: Iterable[LogFolder]) -> list[LogFolder]:
    """The folders as they are on disk, sorted, each once.

    Raises InvalidField and NotFound.
    """
    chosen = sorted({_existing(folder) for folder in folders})
    if not chosen:
        raise InvalidField(
            "no folder was given", field="folders", remedy="Name at least one log folder."
        )
    # Names that collide are refused here, before anything is started.
    named(chosen)
    return chosen


def unmoved_folders(record: Record) -> list[LogFolder]:
    """The folders of ``record``, none of them replaced by a link, which may lead anywhere.

    Raises Conflict, and NotFound.
    """
    folders = chosen_folders(map(parse, record.folders))
    moved = {*map(str, folders)} - {*record.folders}
    if moved:
        raise Conflict(
            f"its folder is a link now, to {min(moved)!r}",
            field="folders",
            remedy="Open the folder anew.",
        )
    return folders


def _existing(folder: LogFolder) -> LogFolder:
    try:
        path = Path(folder.path).resolve(strict=True)
    except (OSError, RuntimeError):
        path = None
    if path is None or not path.is_dir():
        raise NotFound(
            f"there is no folder {folder.path!r}",
            field="folders",
            remedy="Create it, or start the training that writes it; it may be empty.",
        )
    return LogFolder(folder.name, str(path))
