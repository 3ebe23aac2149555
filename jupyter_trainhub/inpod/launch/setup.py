"""What is installed on a node before the program starts, where the job asks for that."""

from __future__ import annotations

import collections
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .ending import Ended, say
from .files import FILES

# A pod's Python is for this job alone; nobody is there to answer.
_PIP_SETTINGS = {
    "PIP_BREAK_SYSTEM_PACKAGES": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_ROOT_USER_ACTION": "ignore",
}
# Lines of its output that say why an installation failed.
_LAST_LINES = 4


def install(source: Path, interpreter: str | None, env: Mapping[str, str]) -> None:
    """Run the programs that ``setup.json`` in ``source`` lists, one after the other.

    ``interpreter`` stands for ``python`` in them. Raises Ended at the first that fails.
    """
    listed = source / "setup.json"
    if env.get("TRAINHUB_SETUP") != "1" or not listed.is_file():
        return
    for argv in json.loads(listed.read_text(encoding="utf-8")):
        written = _without_passwords(" ".join(argv))
        say(f"before the program starts: {written}")
        if argv[0] == "python":
            argv = [interpreter or sys.executable, *argv[1:]]
        code, last = _run_step(argv, {**_PIP_SETTINGS, **env})
        if code != 0:
            why = f"the installation by {written!r} failed:\n{last}"
            raise Ended("SetupFailed", why, code if code > 0 else 1)


def _run_step(argv: list[str], env: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of ``argv``, whose output goes to the log, and its last lines."""
    last: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
    folder = env.get(FILES) or os.getcwd()
    try:
        child = subprocess.Popen(
            argv,
            env=dict(env),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        return 1, f"{argv[0]}: {error.strerror}"
    with child:
        try:
            for line in child.stdout or ():
                line = _without_passwords(line)
                print(line, end="", file=sys.stderr, flush=True)
                last.append(line)
        except BaseException:
            # The pod was told to end.
            child.kill()
            raise
    return child.returncode, "".join(last).rstrip()


def _without_passwords(text: str) -> str:
    """``text`` without the credentials of the addresses in it."""
    return re.sub(r"://[^/\s]+@", "://***@", text)
