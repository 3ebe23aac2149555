"""Headers of new entries of a layer, in the format of POSIX (pax).

Every name is in a pax record, as its bytes: that is what all readers take first, of any length.
"""

from __future__ import annotations

import tarfile

from .tar import BLOCK, SPARSE_NAME, Entry, Records

END = bytes(2 * BLOCK)
"""What ends an archive."""

_OF_CONTENT = (b"size", b"GNU.sparse.")  # records that a hard link must not have


def new_entry(path: str, kind: bytes = tarfile.REGTYPE, mode: int = 0o644) -> bytes:
    """The header of an entry without content: root's, of 1970."""
    info = tarfile.TarInfo()
    info.type, info.mode = kind, mode
    return _with_names(info.tobuf(tarfile.USTAR_FORMAT), (), path, "")


def renamed(entry: Entry, path: str) -> bytes:
    """The headers of an entry under another name."""
    return _with_names(entry.header[entry.own :], entry.records, path, entry.link)


def linked(entry: Entry, path: str, first: str) -> bytes:
    """The headers of a hard link to the file of an entry, which lies at `first`.

    They tell its owner, mode, times and attributes again: engines set these anew by each link.
    """
    block = bytearray(entry.header[entry.own : entry.own + BLOCK])
    block[124:136] = b"%011o\0" % 0  # the size
    block[156:157] = tarfile.LNKTYPE
    block[345:512] = bytes(167)  # the first part of a long name, or a map of a sparse file
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    records = tuple(record for record in entry.records if not record[0].startswith(_OF_CONTENT))
    return _with_names(bytes(block), records, path, first)


def _with_names(block: bytes, records: Records, path: str, link: str) -> bytes:
    name = SPARSE_NAME if any(key == SPARSE_NAME for key, _ in records) else b"path"
    others = tuple(entry for entry in records if entry[0] not in (name, b"linkpath"))
    names = ((name, _bytes(path)), *(((b"linkpath", _bytes(link)),) if link else ()))
    data = b"".join(_record(key, value) for key, value in (*others, *names))
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, len(data)
    return info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % BLOCK) + block


def _record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while length != len(rest) + len(str(length)):  # it counts its own digits
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
