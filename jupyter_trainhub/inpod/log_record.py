"""What a program in a pod tells those outside, as a line of its log that people are not shown.

``manifests/log_record.py`` reads it; it also lists the kinds.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import zlib
from collections.abc import Mapping
from typing import Any


def packed(record: Mapping[str, Any]) -> str:
    """``record`` as text of one line without spaces."""
    return base64.b64encode(zlib.compress(json.dumps(record).encode(), 9)).decode()


def write_record(kind: str, text: str) -> None:
    """Write the record ``text``, made by :func:`packed`, of a kind to standard error.

    In one piece: up to 4 KiB it is not mixed with what other processes write at the moment.
    """
    sys.stderr.flush()
    line = f"[trainhub] {kind} {text} [trainhub]\n".encode()
    while line:
        line = line[os.write(2, line) :]
