"""Notebooks that are kept as text: Markdown (jupytext's and MyST), R Markdown, and Python."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from jupyter_trainhub.errors import InvalidField

# The front matter by which a Markdown file says that it is a notebook:
# https://jupytext.readthedocs.io/en/latest/formats-markdown.html
_HEADER = re.compile(r"\A---\n(?:.*\n)*?(?:jupyter|jupytext|kernelspec):(?:.*\n)*?---\n")


def document(source: bytes, name: str) -> dict[str, Any]:
    """The notebook in the text file ``name``. Raises InvalidField where it is none."""
    try:
        # Takes a third of a second to load. Not everybody has it: it changes JupyterLab's menus.
        import jupytext
    except ImportError:
        raise _unreadable(
            name,
            "jupytext, which reads these, is not installed",
            "Install it beside the Jupyter server: pip install jupytext.",
        ) from None
    suffix = PurePath(name).suffix
    try:
        text = source.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise _unreadable(name, "it is not UTF-8 text", "Save it as UTF-8.") from None
    if suffix == ".md" and not _HEADER.match(text):
        raise _unreadable(
            name,
            "it has no jupyter or kernelspec in a header",
            "Open it as a notebook in JupyterLab and save it, which writes the header.",
        )
    try:
        found = jupytext.reads(text, fmt={"extension": suffix})
    except Exception as error:
        # jupytext raises whatever the text provokes.
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise _unreadable(name, why, "Correct it.") from error
    # Each reading makes up other ids: without them, cells are known by their positions.
    cells = [{**cell, "id": None} for cell in found.cells]
    return {"nbformat": 4, "metadata": dict(found.metadata), "cells": cells}


def _unreadable(name: str, why: str, remedy: str) -> InvalidField:
    return InvalidField(
        f"{name} is no notebook kept as text: {why}.", field="notebook", remedy=remedy
    )
