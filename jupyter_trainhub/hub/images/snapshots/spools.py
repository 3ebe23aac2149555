"""Where layers lie on this machine until a registry has them."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict

# Seconds for which the layer of a transfer that failed is kept for another attempt.
KEEP_SECONDS = 24 * 3600
_REMEDY = "Make room there, or set TrainHubConfig.snapshot_folder to a folder with more room."


class Spools:
    """The files of the transfers on one cluster. Methods block."""

    def __init__(self, config: TrainHubConfig, cluster: str) -> None:
        """``cluster`` tells clusters and namespaces apart that share the folder."""
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        # Of the user's own, for the configured folder may be everybody's.
        self.folder = Path(config.snapshot_folder or cache) / f"jupyter-trainhub-{os.getuid()}"
        self._cluster = hashlib.sha256(cluster.encode()).hexdigest()[:8]

    def new(self, transfer: str) -> Path:
        """The path of a new file of a transfer. Raises Conflict where none can be written."""
        self._make()
        return self.folder / f"{self._prefix(transfer)}{secrets.token_hex(4)}"

    def find(self, transfer: str, name: object) -> Path | None:
        """The file ``name`` of a transfer, if it is one and is still there."""
        is_own = isinstance(name, str) and name.startswith(self._prefix(transfer))
        path = self.folder / str(name)
        return path if is_own and path.parent == self.folder and path.is_file() else None

    def clear(self, transfer: str, keep: Path | None = None) -> None:
        """Remove all files of a transfer but ``keep``, and what others have left too long ago."""
        oldest, prefix = time.time() - KEEP_SECONDS, self._prefix(transfer)
        with contextlib.suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                if keep is not None and path.name.startswith(keep.name):
                    continue
                with contextlib.suppress(OSError):
                    if path.name.startswith(prefix) or path.stat().st_mtime < oldest:
                        path.unlink()

    def require_room(self, size: int) -> None:
        """Raise Conflict unless a file of ``size`` bytes finds room."""
        self._make()
        free = shutil.disk_usage(self.folder).free
        if size > free:
            raise Conflict(
                f"{self.folder} has room for {free >> 20} MiB, and the changes have up to "
                f"{size >> 20} MiB",
                reason="DiskFull",
                remedy=_REMEDY,
            )

    def _make(self) -> None:
        with disk_told(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.folder.lstat().st_uid != os.getuid():
                raise PermissionError(errno.EPERM, "it is somebody else's")

    def _prefix(self, transfer: str) -> str:
        return f"{self._cluster}.{transfer}."


@contextlib.contextmanager
def disk_told(folder: Path) -> Iterator[None]:
    """Raise as Conflict what the disk with ``folder`` refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Conflict(
                f"the disk with {folder} is full", reason="DiskFull", remedy=_REMEDY
            ) from None
        if error.errno in (errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.EPERM):
            raise Conflict(
                f"{folder} cannot be written: {error.strerror}", reason="DiskFull", remedy=_REMEDY
            ) from None
        raise
