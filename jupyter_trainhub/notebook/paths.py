"""Absolute paths in a notebook's code, and whether the job's pods have them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from jupyter_trainhub.notebook.names import dotted_name
from jupyter_trainhub.notebook.remark import Remark

# fmt: off
# Folders that every Linux image has.
_SYSTEM_FOLDERS = frozenset({
    "bin", "boot", "dev", "etc", "lib", "lib64", "opt", "proc", "run", "sbin", "sys", "tmp",
    "trainhub", "usr", "var",
})
# Where people keep data; of others a single name may be a part of a URL.
_DATA_FOLDERS = frozenset({
    "content", "cpfs", "data", "datasets", "home", "kaggle", "media", "mnt", "nas", "root",
    "scratch", "shared", "srv", "storage", "Users", "workspace",
})
# Texts that begin with a slash and are compared or cut, not opened.
_TEXT_METHODS = frozenset({
    "endswith", "find", "get", "lstrip", "post", "removeprefix", "replace", "route", "rstrip",
    "split", "startswith", "strip",
})
# fmt: on
_PATH = re.compile(r"(/[\w.@+=-]+)+/?")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/][\w.\\/ -]+")


def unseen(cell: int | None, tree: ast.AST, visible: Sequence[str]) -> Iterator[Remark]:
    """The paths in ``tree`` that lie below none of the folders ``visible`` in the pods."""
    seen: set[str] = set()
    for node, path in _texts(tree):
        if path in seen or not _is_data(path) or any(_is_below(path, one) for one in visible):
            continue
        seen.add(path)
        yield Remark.at(
            cell,
            node.lineno,
            f"{path} is in no folder that the job's pods see. "
            "Mount it, or use a path below the working folder.",
            "unseen-path",
        )


def _texts(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """The texts that may be paths of their own, in the order of the code."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Constant(value=str(text)):
                yield node, text
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
                # Of f"/data/{name}.csv" the folder is known.
                yield node, text.rpartition("/")[0]
            case ast.JoinedStr() | ast.Compare():
                pass
            case ast.BinOp(op=ast.Add(), left=left):
                waiting.append(left)
            case ast.Call(func=ast.Attribute(attr=method)) if (
                method in _TEXT_METHODS and dotted_name(node.func) != "os.environ.get"
            ):
                pass
            case _:
                waiting += reversed(list(ast.iter_child_nodes(node)))


def _is_data(path: str) -> bool:
    if _WINDOWS.fullmatch(path):
        return True
    parts = path.strip("/").split("/")
    known = parts[0] in _DATA_FOLDERS or len(parts) > 1
    return _PATH.fullmatch(path) is not None and known and parts[0] not in _SYSTEM_FOLDERS


def _is_below(path: str, folder: str) -> bool:
    folder = folder.rstrip("/")
    return path.rstrip("/") == folder or path.startswith(f"{folder}/")
