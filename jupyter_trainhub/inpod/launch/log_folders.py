"""The folder that a person would open, of the folders in which a program writes its runs."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable

# Folders under which tools put a folder for each run: PyTorch's SummaryWriter without arguments
# "runs", Lightning "lightning_logs", and what its users call theirs.
_OF_RUNS = ("runs", "lightning_logs", "tb_logs")
# What such tools call a run's folder: Lightning's version_3, PyTorch's Nov22_10-05-30_host.
_A_RUN = re.compile(r"version_\d+|[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.*")
_MOST_FOLDERS = 4


def opened_folders(runs: Iterable[str], working: Collection[str]) -> list[str]:
    """The log folders of the folders ``runs``, absolute paths without links; a few at most.

    A run's folder belongs to the folder of runs that it lies in, and several runs side by side to
    their parent. Not so to a folder that the program works in, or to a root such as ``/data``: all
    that lies there would be searched.
    """
    by_parent: dict[str, list[str]] = {}
    for folder in _outermost(_opened(run) for run in runs):
        by_parent.setdefault(os.path.dirname(folder), []).append(folder)
    found: list[str] = []
    for parent, siblings in by_parent.items():
        is_wide = parent in working or parent.count("/") < 2
        found += siblings if len(siblings) == 1 or is_wide else [parent]
    return _outermost(found)[:_MOST_FOLDERS]


def _opened(run: str) -> str:
    parent, name = os.path.split(run)
    if _A_RUN.fullmatch(name) and parent.count("/") > 1:
        run, parent = parent, os.path.dirname(parent)
    return parent if os.path.basename(parent) in _OF_RUNS else run


def _outermost(folders: Iterable[str]) -> list[str]:
    """Those that lie in no other one, in order."""
    found: list[str] = []
    for folder in sorted(set(folders), key=lambda path: path.split("/")):
        if not found or not f"{folder}/".startswith(found[-1].rstrip("/") + "/"):
            found.append(folder)
    return found
