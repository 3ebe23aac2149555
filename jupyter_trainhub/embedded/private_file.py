"""Files that nobody but their owner can read: keys, tokens, kubeconfigs."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, body: str | bytes) -> None:
    """Write a file of mode 0600, whole or not at all; its folder (0700) is made where missing."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body.encode() if isinstance(body, str) else body)
    temporary.rename(path)
