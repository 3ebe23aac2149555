"""What the programs inside a pod tell us through its log, the one way out that every pod has.

A record is one line of its own: between our marks its kind and base64 of zlib of JSON, as in
``[trainhub] progress eJyr... [trainhub]``. People need not see such lines: :func:`hide`. A program
that writes over its line, as progress bars do, may have left it open: then the record is its end.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from typing import Any, Literal

from jupyter_trainhub.manifests import foreign_json

# environment: what the image and the variables are; errors: the exceptions of a node's ranks;
# progress: how far training is; result: a piece of what a cell's last line was worth.
Kind = Literal["environment", "errors", "progress", "result"]

# A log may be read with times, and with several ranks, whose number stands before each line.
_BEFORE = rb"^(?:\[\d+\] )?(?:\d{4}-\d\d-\d\dT\S+ )?"
_KIND = rb"\[trainhub\] (environment|errors|progress|result) "
_DATA = rb"([A-Za-z0-9+/]+=*) \[trainhub\]\s*$"
_LINE = re.compile(_KIND + _DATA, re.MULTILINE)
# The end of a log, as the kubelet keeps it for a container's message, may begin within a record.
_END_OF_LINE = re.compile(rb"(?:" + _BEFORE + _KIND + rb")?" + _DATA)
# Bytes of JSON that are read at most, of one record and of all in a part of a log: what a program
# printed itself may be a zlib bomb, and many of them.
_LARGEST, _LARGEST_ALL = 1 << 20, 16 << 20


def find(log: bytes, kind: Kind) -> Iterator[dict[str, Any]]:
    """The records of a kind in a part of a log, in its order; broken ones are left out."""
    left = _LARGEST_ALL
    for match in _LINE.finditer(log):
        if match[1].decode() != kind or left <= 0:
            continue
        try:
            packed = base64.b64decode(match[2], validate=True)
            text = zlib.decompressobj().decompress(packed, _LARGEST)
            left -= len(text)
            found = foreign_json.parse(text)
        except (binascii.Error, zlib.error, ValueError):
            continue
        if isinstance(found, dict):
            yield found


def hide(line: bytes) -> bool:
    """Whether ``line`` of a log is such a record, or its end."""
    return _END_OF_LINE.match(line) is not None


def shown(line: bytes) -> bytes:
    """``line`` without a record, and without its break where a record was its end."""
    if not line.rstrip().endswith(b" [trainhub]"):
        # Most lines are told by their ends, which costs little.
        return line
    if hide(line):
        return b""
    match = _LINE.search(line)
    return line[: match.start()] if match else line
