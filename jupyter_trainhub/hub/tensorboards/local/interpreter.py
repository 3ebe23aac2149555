"""Which Python runs TensorBoard."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from jupyter_trainhub.errors import TrainHubError

# 2.20 cannot be imported beside setuptools 82 and later (tensorflow/tensorboard#7003).
OLDEST = (2, 21)
_ASK_SECONDS = 30


class TensorBoardMissing(TrainHubError):
    """The Python that is to run TensorBoard has none, or one that is too old."""

    status = 503
    default_reason = "TensorBoardMissing"


def interpreter(configured: str) -> str:
    """The Python with a TensorBoard that is new enough.

    ``configured`` is the site's choice and the only one where it is set. Else the Python that runs
    TrainHub, and where that has no TensorBoard, the one of the command ``tensorboard``: TensorBoard
    may need other packages than the rest, so it may live elsewhere. Raises TensorBoardMissing.
    """
    candidates = [configured] if configured else [sys.executable, _of_command()]
    have = {python: _version(python) for python in candidates if python}
    for python, version in have.items():
        if version is not None and _numbers(version) >= OLDEST:
            return python
    wanted = ".".join(map(str, OLDEST))
    told = ", ".join(
        f"{python} has {'no TensorBoard' if version is None else f'TensorBoard {version}'}"
        for python, version in have.items()
    )
    elsewhere = (
        "" if configured else ", or name another Python in c.TrainHubConfig.tensorboard_python"
    )
    raise TensorBoardMissing(
        f"{told}; {wanted} or later is needed",
        remedy=f"Run: {next(iter(have))} -m pip install 'tensorboard>={wanted}'{elsewhere}.",
    )


def _of_command() -> str:
    """The Python of the command ``tensorboard``, "" where there is none.

    pip writes ``#!/PYTHON``, and for a long path a shell's ``'''exec' /PYTHON "$0" "$@"``.
    """
    command = shutil.which("tensorboard")
    if command is None:
        return ""
    try:
        with Path(command).open("rb") as file:
            head = file.read(1024).decode(errors="replace")
    except OSError:
        return ""
    found = re.match(r"#!\s*(/\S*python\S*)", head) or re.search(r"exec' \"?(/[^\"\n]+?)\"? ", head)
    return found[1] if found else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _version(python: str) -> str | None:
    """The version of TensorBoard that ``python`` has; importing it to see would take a second."""
    if python == sys.executable:
        try:
            return metadata.version("tensorboard")
        except metadata.PackageNotFoundError:
            return None
    try:
        return _asked(python)
    except (OSError, subprocess.SubprocessError):
        return None


@lru_cache
def _asked(python: str) -> str:
    # Only answers are kept: what fails may be repaired at any time.
    program = "from importlib.metadata import version; print(version('tensorboard'))"
    shown = subprocess.run(
        [python, "-c", program], capture_output=True, text=True, timeout=_ASK_SECONDS, check=True
    )
    return shown.stdout.strip()
