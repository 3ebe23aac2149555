"""The file beside a notebook that says what does not travel with its jobs, as people edit it."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_trainhub.errors import Forbidden, InvalidField
from jupyter_trainhub.notebook.ignore import TRAINHUB_IGNORE

# What a new one begins with.
TEMPLATE = """\
# Files and folders that do not travel with jobs, one pattern on each line, as in .gitignore:
# data/
# *.ckpt
# !data/classes.txt
"""
# Bytes that such a file may have.
_LONGEST = 64 * 1024
_REMEDY = "Edit it in a terminal."


def read_ignored(folder: Path) -> tuple[str, bool]:
    """The text of the file in ``folder``, and whether there is one; else what to begin with.

    Raises InvalidField where it is no text.
    """
    try:
        with open(_opened(folder, os.O_RDONLY), encoding="utf-8") as file:
            return file.read(_LONGEST), True
    except FileNotFoundError:
        return TEMPLATE, False
    except UnicodeDecodeError:
        raise InvalidField(
            f"{TRAINHUB_IGNORE} is not UTF-8 text", field="text", remedy=_REMEDY
        ) from None
    except OSError as error:
        raise _refused(error) from None


def write_ignored(folder: Path, text: str) -> None:
    """Make ``text`` the file's content. Raises InvalidField and Forbidden."""
    if len(text.encode(errors="replace")) > _LONGEST:
        raise InvalidField(
            f"{TRAINHUB_IGNORE} may have {_LONGEST // 1024} KiB",
            field="text",
            remedy="Name folders instead of files.",
        )
    try:
        with open(
            _opened(folder, os.O_WRONLY | os.O_CREAT), "w", encoding="utf-8", errors="replace"
        ) as file:
            file.truncate()
            file.write(text)
    except OSError as error:
        raise _refused(error) from None


def _opened(folder: Path, how: int) -> int:
    # A link could lead anywhere, and a pipe would be waited for.
    return os.open(folder / TRAINHUB_IGNORE, how | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)


def _refused(error: OSError) -> Forbidden:
    return Forbidden(
        f"{TRAINHUB_IGNORE} cannot be used: {error.strerror}", field="text", remedy=_REMEDY
    )
