"""The tar streams that layers are, read entry by entry as they are stored.

An entry keeps the bytes of its headers, so that what is copied from layer to layer keeps all that
any program wrote: times to the nanosecond, extended attributes, maps of sparse files, names of any
bytes. `tarfile` reads single headers here, but not whole streams: it takes a damaged header, or an
end between two entries, for the regular end of the archive.

Formats: POSIX.1-2017 `pax`, "ustar Interchange Format"; GNU tar's manual, "Basic Tar Format".
"""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from .tar_stream import TarStream

BLOCK = tarfile.BLOCKSIZE
Records = tuple[tuple[bytes, bytes], ...]
"""Of a pax header, in their order: maps of sparse files (GNU's 0.0) repeat keys."""

SPARSE_NAME = b"GNU.sparse.name"
"""The record that stands above `path`, which is a made-up name then."""

_LARGEST_HEADER = 16 << 20  # bytes; an inode's extended attributes are at most 64 KiB each
_LONGEST_SIZE = 19  # digits: 8 EiB, which no file system passes
_LONGEST_NUMBER = 10  # digits and a space before a record: it is no longer than its header
_FOLLOWING_HEADER = {
    tarfile.XHDTYPE: "pax",
    tarfile.SOLARIS_XHDTYPE: "pax",
    tarfile.XGLTYPE: "global",
    tarfile.GNUTYPE_LONGNAME: "name",
    tarfile.GNUTYPE_LONGLINK: "link",
}
_WITHOUT_CONTENT = (
    tarfile.LNKTYPE,
    tarfile.SYMTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
)


@dataclass(frozen=True)
class Entry:
    """An entry of a layer. Bytes of names that are no UTF-8 are told by `surrogateescape`."""

    path: str
    """From the layer's root, without `./` and the like; empty is the root itself."""
    kind: bytes
    """A type of `tarfile`; a regular file is `REGTYPE` in whatever old way it is told."""
    link: str
    """What a symbolic link holds; the path that a hard link names."""
    size: int
    """Bytes that the entry's content takes in the stream."""
    header: bytes
    """All blocks before the content."""
    own: int
    """Where in `header` the entry's own block begins, after those that extend it."""
    records: Records
    offset: int
    """The byte of the stream at which the entry begins."""

    @property
    def padding(self) -> bytes:
        """What follows the content up to the next block."""
        return bytes(-self.size % BLOCK)


class TarReader:
    """The entries of a stream, each with its content, which must be read before the next one.

    Pax headers for all entries that follow are left out of account, as container engines do.

    Raises, while it is read:
        BrokenImage: the stream is no tar file, or breaks off; the message names the byte.
    """

    def __init__(self, stream: Iterable[bytes], place: str = "the layer") -> None:
        self._stream = TarStream(stream, place)

    def __iter__(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        while (entry := self._entry()) is not None:
            content = self._stream.chunks(entry.size)
            yield entry, content
            for _ in content:
                pass  # what was not asked for
            self._stream.read(-entry.size % BLOCK)
        self._stream.drain()

    @classmethod
    def headers(cls, file: BinaryIO, place: str) -> Iterator[tuple[Entry, int]]:
        """The entries of a file, each with the byte at which its content begins.

        The content is passed over. Raises BrokenImage as above.
        """
        end = file.seek(0, 2)
        file.seek(0)
        reader = cls(iter(partial(file.read, BLOCK), b""), place)
        stream = reader._stream
        while (entry := reader._entry()) is not None:
            begin = stream.position
            stream.position += entry.size + -entry.size % BLOCK
            if stream.position > end:
                stream.position = end
                raise stream.broken_off()
            yield entry, begin
            file.seek(stream.position)

    def _entry(self) -> Entry | None:
        offset, blocks = self._stream.position, b""
        records: Records = ()
        names: dict[str, bytes] = {}
        while True:
            at = self._stream.position
            block = self._stream.read(BLOCK)
            if not any(block):
                if blocks:
                    raise self._stream.broken(at, "a header belongs to no entry")
                return None
            info = self._header(block, at)
            following = _FOLLOWING_HEADER.get(info.type)
            if following is None:
                break
            if info.size + len(blocks) > _LARGEST_HEADER:
                raise self._stream.broken(at, f"a header of {info.size} bytes is too large")
            content = self._stream.read(info.size + -info.size % BLOCK)
            if following == "global":
                continue
            blocks += block + content
            if following == "pax":
                records = self._records(content[: info.size], at)
            else:
                names[following] = content[: info.size].split(b"\0", 1)[0]
        extended = block[482] if info.type == tarfile.GNUTYPE_SPARSE else 0
        while extended:  # more of the map of a sparse file
            if len(block) > _LARGEST_HEADER:
                raise self._stream.broken(offset, "the map of a sparse file is too large")
            block += self._stream.read(BLOCK)
            extended = block[-8]
        return self._made(info, blocks + block, len(blocks), records, names, offset)

    def _header(self, block: bytes, at: int) -> tarfile.TarInfo:
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            if info.size < 0:
                raise tarfile.HeaderError("negative size")
        except (tarfile.HeaderError, ValueError) as error:
            raise self._stream.broken(at, str(error)) from None
        if block[257:265] == tarfile.GNU_MAGIC:
            # Where POSIX has the first part of a long name, GNU tar has times.
            info.name = _text(block[:100].split(b"\0", 1)[0])
        return info

    def _records(self, data: bytes, at: int) -> Records:
        found, start = [], 0
        while start < len(data):
            space = data.find(b" ", start, start + _LONGEST_NUMBER)
            length = data[start:space]
            end = start + int(length) if space > 0 and length.isdigit() else 0
            key, equals, value = data[space + 1 : end - 1].partition(b"=")
            if not equals or not space < end <= len(data) or data[end - 1] != ord("\n"):
                raise self._stream.broken(at, "a record of a pax header is malformed")
            found.append((key, value))
            start = end
        return tuple(found)

    def _made(
        self,
        info: tarfile.TarInfo,
        header: bytes,
        own: int,
        records: Records,
        names: dict[str, bytes],
        offset: int,
    ) -> Entry:
        said = {key: value for key, value in records if value}
        name = said.get(SPARSE_NAME) or said.get(b"path") or names.get("name")
        link = said.get(b"linkpath") or names.get("link")
        size = info.size
        if b"size" in said:
            if not said[b"size"].isdigit() or len(said[b"size"]) > _LONGEST_SIZE:
                raise self._stream.broken(offset, "the size in a pax header is no number")
            size = int(said[b"size"])
        path = _normal(info.name if name is None else _text(name))
        target: str | None = info.linkname if link is None else _text(link)
        if info.type == tarfile.LNKTYPE:
            target = _normal(target or "")
        if path is None or target is None:
            raise self._stream.broken(offset, "a name leads out of the layer, or is none")
        return Entry(
            path,
            tarfile.REGTYPE if info.type == tarfile.AREGTYPE else info.type,
            target,
            0 if info.type in _WITHOUT_CONTENT else size,
            header,
            own,
            records,
            offset,
        )


def _normal(name: str) -> str | None:
    path = posixpath.normpath(name.lstrip("/") or ".")
    if "\0" in path or path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
