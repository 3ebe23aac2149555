"""Blobs as they were packed: layers, configurations and manifests, each a file named by its digest.

blobs/sha256/HEX   one that is whole
uploads/ID         one that is coming in
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from ...registry.blob import Blob, BrokenImage

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

# Seconds for which a blob that no manifest names, and an upload that nobody goes on with, stay:
# who pushes an image sends its blobs first.
KEPT = 24 * 3600

_BLOCK = 1 << 20  # bytes


class Superseded(Exception):
    """Somebody else goes on with the upload."""


class Upload:
    """A blob that is coming in. Its methods may be called in any thread."""

    def __init__(self, path: Path, target: Callable[[str], Path]) -> None:
        self._path, self._target = path, target
        self._lock = threading.Lock()
        self._digest, self._hashed = hashlib.sha256(), 0
        self._file: BinaryIO | None = None
        self._writer: object = None
        self.id = path.name
        self.size = path.stat().st_size
        """Bytes that are here."""

    def take(self, writer: object) -> int:
        """Let nobody but `writer` go on, and return the bytes that are here.

        A connection that broke may be noticed only after its client has come back.
        """
        with self._lock:
            self._writer = writer
            return self.size

    def append(self, data: bytes, writer: object = None) -> None:
        """Add bytes.

        Raises:
            Superseded: by another writer.
            OSError: the disk is full; nothing was added.
        """
        with self._lock:
            if self._writer is not writer:
                raise Superseded
            if self._file is None:
                self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115
            left = memoryview(data)
            try:
                while left:
                    left = left[self._file.write(left) :]
            except OSError:
                self._file.truncate(self.size)
                raise
            if self._hashed == self.size:
                self._digest.update(data)
                self._hashed += len(data)
            self.size += len(data)

    def rest(self) -> None:
        """Hold no file open until somebody goes on."""
        with self._lock:
            self._close()

    def commit(self, digest: str = "") -> str:
        """Make it a blob, and return its digest, which must be `digest` where one is given.

        Raises:
            BrokenImage: it is another one; the upload is gone.
        """
        with self._lock:
            with self._path.open("rb+") as file:
                file.seek(self._hashed)
                while block := file.read(_BLOCK):
                    self._digest.update(block)
                os.fsync(file.fileno())
            self._close()
            found = f"sha256:{self._digest.hexdigest()}"
            if digest not in ("", found):
                self._path.unlink()
                raise BrokenImage(f"the {self.size} bytes should be {digest}, and are {found}")
            self._path.rename(self._target(found))
            return found

    def cancel(self) -> None:
        """Forget what came in."""
        with self._lock:
            self._close()
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None


class Content:
    """The blobs below the folder of an image store."""

    def __init__(self, folder: Path) -> None:
        self._blobs, self._incoming = folder / "blobs" / "sha256", folder / "uploads"
        self._uploads: dict[str, Upload] = {}

    def path(self, digest: str) -> Path:
        """The file of a blob, whether it is here or not. Raises BrokenImage for no digest."""
        if not DIGEST.fullmatch(digest):
            raise BrokenImage(f"{digest!r} is no digest that can be verified")
        return self._blobs / digest.partition(":")[2]

    def size(self, digest: str) -> int | None:
        """Bytes of a blob; None if it is not here."""
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def claim(self, digest: str) -> int | None:
        """As `size`; a manifest that is about to come may count on it."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.path(digest))
        return self.size(digest)

    def blob(self, digest: str) -> Blob:
        """A blob that is here. Raises BrokenImage if it is not."""
        size = self.size(digest)
        if size is None:
            raise BrokenImage(f"the blob {digest} is not here")
        opener = cast("Callable[[], BinaryIO]", partial(open, self.path(digest), "rb"))
        return Blob(opener, size, f"the blob {digest}", digest=digest)

    def put(self, data: bytes) -> str:
        """Keep a small blob; its digest."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if self.claim(digest) is None:
            upload = self.begin()
            try:
                upload.append(data)
                upload.commit()
            except BaseException:
                upload.cancel()
                raise
        return digest

    def keep(self, blob: Blob, read: Callable[[Blob], Any]) -> str:
        """Have `read` read the whole of a blob, and keep what it reads; its digest."""
        upload = self.begin()

        def copying() -> BinaryIO:
            return cast(BinaryIO, _Copying(blob.open(), upload))

        try:
            read(replace(blob, open=copying))
            return upload.commit(blob.digest)
        except BaseException:
            upload.cancel()
            raise

    def begin(self) -> Upload:
        """Begin an upload."""
        for folder in (self._blobs, self._incoming):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._incoming / str(uuid.uuid4())
        path.touch(mode=0o600)
        return Upload(path, self.path)

    def upload(self, name: str) -> Upload | None:
        """The upload of that id, though this process was started after it had begun."""
        path = self._incoming / name
        if not path.is_file():
            self._uploads.pop(name, None)
            return None
        return self._uploads.setdefault(name, Upload(path, self.path))

    def sweep(self, used: set[str], freed: Iterable[str] = ()) -> None:
        """Delete what nobody uses: of blobs those `freed` at once, others when they are old."""
        now, freed = time.time(), set(freed)
        for folder, prefix in ((self._blobs, "sha256:"), (self._incoming, "")):
            for entry in os.scandir(folder) if folder.exists() else ():
                name = prefix + entry.name
                with contextlib.suppress(FileNotFoundError):
                    old = now - entry.stat().st_mtime > KEPT
                    if name not in used and (old or name in freed):
                        os.unlink(entry)


class _Copying:
    """A file whose bytes go to an upload as they are read."""

    def __init__(self, file: BinaryIO, upload: Upload) -> None:
        self._file, self._upload = file, upload

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._upload.append(data)
        return data

    def __enter__(self) -> _Copying:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
