"""Which manifests are here, under what names: the index of the image store.

repositories.json   repository -> its tags and manifests; written whole, last
lock                held by who changes it
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Repository:
    """One repository, as `docker.io/library/busybox`."""

    tags: dict[str, str] = field(default_factory=dict)
    """Digests of manifests by tag."""
    manifests: dict[str, str] = field(default_factory=dict)
    """Media types of manifests and indexes by digest."""
    pulled: dict[str, str] = field(default_factory=dict)
    """Tags and digests that came from a registry elsewhere, which knows them better. With each, by
    what credential (see `kubelet.pull_secrets`); empty where anybody gets them."""

    def name(self, tag: str, digest: str, pulled: str | None = None) -> None:
        """Have a tag, unless it is empty, name a manifest that is here."""
        if tag:
            self.tags[tag] = digest
        for reference in filter(None, (tag, digest)):
            self.pulled.pop(reference, None)
            if pulled is not None:
                self.pulled[reference] = pulled

    def untag(self, tag: str) -> str:
        """Take a tag away; the digest that it named."""
        self.pulled.pop(tag, None)
        return self.tags.pop(tag)

    def forget(self, digest: str) -> None:
        """Take a manifest away, and all tags that name it."""
        for tag in [tag for tag, named in self.tags.items() if named == digest]:
            self.untag(tag)
        self.pulled.pop(digest, None)
        del self.manifests[digest]


Index = dict[str, Repository]


class Repositories:
    """The index below the folder of an image store."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / "repositories.json"
        self._read: tuple[tuple[int, ...], Index] = ((), {})

    def index(self) -> Index:
        """What is here, not to be changed; what another process changed is seen at once."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return {}
        stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
        if stamp != self._read[0]:
            entries = json.loads(self._path.read_text())
            self._read = stamp, {name: Repository(**entry) for name, entry in entries.items()}
        return self._read[1]

    @contextlib.contextmanager
    def changing(self) -> Iterator[Index]:
        """An index to be changed; kept, whole and for good, when the block ends well."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(self._folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self.index()
            index = copy.deepcopy(before)
            yield index
            index = {name: entry for name, entry in index.items() if entry.manifests}
            if index != before:
                self._write(index)

    def _write(self, index: Index) -> None:
        temporary = self._folder / ".repositories.json"
        with temporary.open("w") as file:
            json.dump({name: asdict(entry) for name, entry in index.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        self._read = ((), {})
