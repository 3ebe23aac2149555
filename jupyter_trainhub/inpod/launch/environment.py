"""What the image and the variables of a job are, for the record of its run."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from ..log_record import packed

LARGEST = 32 * 1024  # bytes, encoded
# ``manifests/redaction.py`` goes by the same.
_SECRET = re.compile(
    r"TOKEN|KEY|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH|COOKIE|PRIVATE|SIGNATURE|DSN|WEBHOOK|"
    r"CONN(ECTION)?_?STR|(?<![A-Z])PAT(?![A-Z])|_PWD$",
    re.IGNORECASE,
)
_LOGIN_IN_URL = re.compile(r"(?<=://)[^/\s]+(?=@)")
_LONGEST_VALUE = 256


def image_record() -> dict[str, Any]:
    """What this interpreter is and has: versions, packages, and what PyTorch was made for.

    PyTorch itself is not imported, which would take seconds.
    """
    packages: dict[str, str] = {}
    for distribution in metadata.distributions():
        with contextlib.suppress(Exception):  # a broken one of somebody else's
            # The first of a name is the one that would be imported.
            packages.setdefault(distribution.metadata["Name"], distribution.version)
    nccl = (name for name in packages if name.lower().startswith("nvidia-nccl"))
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "packages": dict(sorted(packages.items())),
        "torch": packages.get("torch"),
        "cuda": _cuda(),
        "nccl": packages.get(next(nccl, "")),
    }


def _cuda() -> str | None:
    with contextlib.suppress(Exception):
        spec = importlib.util.find_spec("torch")
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            text = Path(folder, "version.py").read_text(encoding="utf-8")
            found = re.search(r"^cuda\b[^=]*=\s*['\"]([^'\"]+)['\"]", text, re.MULTILINE)
            return found[1] if found else None
    return None


def masked(env: Mapping[str, str]) -> dict[str, str]:
    """The variables, with ``***`` for what looks like a secret."""
    return {
        name: "***" if _SECRET.search(name) else _LOGIN_IN_URL.sub("***", value)
        for name, value in sorted(env.items())
    }


def take_record(interpreter: str | None, env: Mapping[str, str]) -> dict[str, Any]:
    """The record of the image, as ``interpreter`` sees it, and of the variables ``env``."""
    image: dict[str, Any] | None = None
    if interpreter and os.path.realpath(interpreter) != os.path.realpath(sys.executable):
        with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
            asked = [interpreter, __file__, "environment"]
            done = subprocess.run(asked, env=dict(env), stdout=subprocess.PIPE, timeout=60)
            image = json.loads(done.stdout)
    return {**(image or image_record()), "variables": masked(env)}


def encode(record: Mapping[str, Any]) -> str:
    """The record as text of one line, of at most 32 KiB: the least important is left out first."""
    short = {name: value[:_LONGEST_VALUE] for name, value in record["variables"].items()}
    for smaller in (record, {**record, "variables": short}, {**record, "variables": {}}):
        text = packed(smaller)
        if len(text) <= LARGEST:
            return text
    return packed({"packages": {}, "variables": {}})


def keep(record: Mapping[str, Any], folder: Path) -> None:
    """Write the record into the run folder, whole or not at all. Raises OSError."""
    part = folder / f".environment.json.{os.getpid()}"
    try:
        part.write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(part, folder / "environment.json")
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
