"""What a command line says about the TensorBoard that it runs. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*t?")


def tensorboard_arguments(argv: Sequence[str]) -> list[str] | None:
    """What follows the program in a command line that runs TensorBoard; None for others.

    TensorBoard's program by itself, run by Python, or ``python -m tensorboard.main``.
    """
    words = list(argv)
    if words and _PYTHON.fullmatch(os.path.basename(words[0])):
        words.pop(0)
        while words and words[0].startswith("-") and words[0] != "-m":
            # Of Python's own options, these two take the next word.
            del words[: 2 if words[0] in ("-W", "-X") else 1]
        if words[:1] == ["-m"]:
            runs = words[1:2] in (["tensorboard"], ["tensorboard.main"])
            return words[2:] if runs else None
    return words[1:] if words and os.path.basename(words[0]) == "tensorboard" else None


def option(arguments: Sequence[str], name: str) -> str:
    """The last value of TensorBoard's option ``--name``; empty where it is not given.

    ``arguments`` may write it as ``--name VALUE`` or ``--name=VALUE``.
    """
    found = ""
    for position, word in enumerate(arguments):
        given, equals, value = word.partition("=")
        if given == f"--{name}":
            following = arguments[position + 1 : position + 2]
            found = value if equals else "".join(following)
    return found


def log_folders(arguments: Sequence[str], working_folder: str) -> list[tuple[str, str]]:
    """The folders that it shows, each with its name or an empty one; paths are absolute.

    Where both are given, ``--logdir_spec`` (``name:path,name:path``) is left out by TensorBoard.
    Paths that are addresses, such as ``s3://bucket``, stay as they are.
    """
    folder = option(arguments, "logdir")
    if folder:
        return [("", _absolute(folder, working_folder))]
    found = []
    for text in option(arguments, "logdir_spec").split(","):
        # TensorBoard's own rule: a colon that no slash precedes or follows ends a name.
        parts = re.fullmatch(r"([^:/]+):(?!//)(.+)", text)
        name, path = parts.groups() if parts else ("", text)
        if path:
            found.append((name, _absolute(path, working_folder)))
    return found


def _absolute(path: str, working_folder: str) -> str:
    if "://" in path:
        return path
    return os.path.normpath(os.path.join(working_folder, os.path.expanduser(path)))
