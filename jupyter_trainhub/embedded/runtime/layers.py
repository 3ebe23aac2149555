"""Layers as containers see them: unpacked once, shared by images and containers.

layers/HEX/    an unpacked layer, named by the digest of its tar file (the diff id)
layers/.HEX    one that is being unpacked
layers.lock    held while one is, and until an image names it
"""

from __future__ import annotations

import collections
import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ...registry.blob import Blob, BrokenImage
from . import sandbox
from .content import DIGEST

Progress = Callable[[str, int, int], None]
"""Told of a layer by its diff id, how many of its bytes were read, and how many it has."""


class Layers:
    """The unpacked layers below the folder of an image store."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder / "layers", folder / "layers.lock"

    def path(self, diff_id: str) -> Path:
        """The folder of a layer, whether it is here or not. Raises BrokenImage for no digest."""
        if not DIGEST.fullmatch(diff_id):
            raise BrokenImage(f"{diff_id!r} is no digest that can be verified")
        return self._folder / diff_id.partition(":")[2]

    @contextlib.contextmanager
    def unpacking(self) -> Iterator[None]:
        """Hold the layers: one image is unpacked at a time, and nothing is swept meanwhile."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(self._lock, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def unpack(
        self, diff_id: str, blob: Blob, progress: Progress | None = None, *, machine: bool = False
    ) -> None:
        """Read a layer, and unpack it where it is not; `machine`: to lie over the machine's files.

        Raises:
            BrokenImage: it is no layer, or another one.
            OSError: the disk is full, or this user may not make its files.
        """
        folder, digest = self.path(diff_id), hashlib.sha256()

        def read() -> Iterator[bytes]:
            told = partial(progress, diff_id) if progress else None
            for chunk in blob.content(told and (lambda position: told(position, blob.size))):
                digest.update(chunk)
                yield chunk

        temporary = None if folder.exists() else folder.with_name(f".{folder.name}")
        if temporary:
            _unpack(read(), temporary, machine=machine)
        else:
            collections.deque(read(), maxlen=0)
        if diff_id != f"sha256:{digest.hexdigest()}":
            raise BrokenImage(
                f"{blob.place} is damaged between byte {blob.offset} and byte "
                f"{blob.offset + blob.size}: this layer should unpack to {diff_id}, and is "
                f"sha256:{digest.hexdigest()}"
            )
        if temporary:
            os.sync()  # its files last before its name does
            temporary.rename(folder)

    def sweep(self, used: Callable[[], set[str]]) -> None:
        """Delete folders whose names are not `used`, unless a layer is being unpacked."""
        if not self._folder.exists():
            return
        with open(self._lock, "w") as lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            names = used()
            for folder in self._folder.iterdir():
                if folder.name not in names:
                    sandbox.delete(folder)


def _unpack(chunks: Iterator[bytes], folder: Path, *, machine: bool) -> None:
    sandbox.delete(folder)
    folder.mkdir(mode=0o755)
    with subprocess.Popen(
        sandbox.unpack_argv(folder, machine=machine),
        bufsize=0,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            _feed(process, chunks)
        except BaseException:
            process.kill()
            raise


def _feed(process: subprocess.Popen[bytes], chunks: Iterator[bytes]) -> None:
    """Have a tar file unpacked by the shim. Raises BrokenImage or OSError as that tells it."""
    assert process.stdin is not None
    assert process.stderr is not None
    with contextlib.suppress(BrokenPipeError):  # it says why when it stops
        for chunk in chunks:
            process.stdin.write(chunk)
    process.stdin.close()
    words = process.stderr.read()
    if process.wait() == 0:
        return
    try:
        failure = json.loads(words)
    except ValueError:
        failure = {"errno": 0, "message": words.decode(errors="replace").strip()}
    if failure["errno"]:
        raise OSError(failure["errno"], failure["message"])
    raise BrokenImage(f"the layer cannot be unpacked: {failure['message']}")
