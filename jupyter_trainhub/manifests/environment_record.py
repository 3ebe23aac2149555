"""What a job's first node tells of its image and variables, found again in its log.

The launcher writes it (``inpod/launch/environment.py``), as one line of its own: between our marks,
base64 of zlib of JSON: ``{python, implementation, platform, packages: {name: version}, torch, cuda,
nccl, variables: {name: value}}``.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Any

from jupyter_trainhub.manifests import foreign_json

# A log may be read with times, and with several ranks, whose number stands before each line.
_BEFORE = rb"^(?:\[\d+\] )?(?:\d{4}-\d\d-\d\dT\S+ )?\[trainhub\] environment "
_RECORD = rb"([A-Za-z0-9+/]+=*) \[trainhub\]\s*$"
_LINE = re.compile(_BEFORE + _RECORD, re.MULTILINE)
# The end of a log, as the kubelet keeps it for a container's message, may begin within the record.
_END_OF_LINE = re.compile(rb"(?:" + _BEFORE + rb")?" + _RECORD)
# Bytes of JSON that are read at most: what a program printed itself may be a zlib bomb.
_LARGEST = 4 << 20


def find(log_head: bytes) -> dict[str, Any] | None:
    """The record in the beginning of a log; None where there is none, or one that is broken."""
    for match in _LINE.finditer(log_head):
        try:
            packed = base64.b64decode(match[1], validate=True)
            found = foreign_json.parse(zlib.decompressobj().decompress(packed, _LARGEST))
        except (binascii.Error, zlib.error, ValueError):
            continue
        if isinstance(found, dict):
            return found
    return None


def hide(line: bytes) -> bool:
    """Whether ``line`` of a log is such a record, or its end, which people need not see."""
    return _END_OF_LINE.match(line) is not None
