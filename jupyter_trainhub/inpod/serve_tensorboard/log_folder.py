"""The folder that TensorBoard shows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .failure import Failure


def log_folder(texts: Sequence[str], farm: Path | None) -> str:
    """The one folder to show: a folder of links where there are several, or one with a name.

    TensorBoard's ``--logdir_spec`` would do as well, but turns its fast loader off
    (``tensorboard/program.py``). What a link leads to may be missing as yet. The links
    are put into ``farm``, or into a folder of their own. Raises Failure.
    """
    folders = [_named(text) for text in texts]
    if len(folders) == 1 and not folders[0][0]:
        return os.path.abspath(folders[0][1])
    try:
        if farm is None:
            farm = Path(tempfile.mkdtemp(prefix="tensorboard-"))
        farm.mkdir(mode=0o700, exist_ok=True)
        for link in farm.iterdir():
            link.unlink()
        for name, path in folders:
            (farm / (name or os.path.basename(path))).symlink_to(os.path.abspath(path))
    except OSError as error:
        raise Failure(
            f"the folders cannot be put side by side: {error}",
            "Free space, and give each folder a name of its own.",
        ) from None
    return str(farm)


def _named(text: str) -> tuple[str, str]:
    name, colon, path = text.partition(":")
    return (name, path) if colon and "/" not in name else ("", text)
