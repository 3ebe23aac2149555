"""The front end of the widgets: modules of plain JavaScript, sent to the browser as one.

A widget can give the browser a single module, since what it imports would have no address. So the
modules are joined: each keeps its names, hence a name may be declared at the top of one only.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

# The modules, each after those that it imports.
ORDER = (
    "words.js",
    "server.js",
    "elements.js",
    "watching.js",
    "ansi.js",
    "lines.js",
    "search.js",
    "rows.js",
    "log.js",
    "head.js",
    "facts.js",
    "download.js",
    "tensorboard.js",
    "job.js",
    "instance.js",
    "cluster.js",
    "main.js",
)
_IMPORT = re.compile(r"^import [^;]*? from '\./[a-z]+\.js';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)
# Every widget sends the module, and a notebook that keeps its widgets keeps it.
_COMMENT = re.compile(r"^ *(?:/\*\*(?:(?!\*/).)*\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)


@cache
def module() -> str:
    """The source of the module that renders every kind of widget."""
    joined = "".join(_EXPORT.sub("", _IMPORT.sub("", _read(name))) for name in ORDER)
    return _COMMENT.sub("", joined)


@cache
def style() -> str:
    """The style sheet."""
    return _read("style.css")


def _read(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
