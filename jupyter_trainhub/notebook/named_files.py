"""Files that code names by a literal path to read them, such as ``open("config.yaml")``."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_trainhub.notebook.names import dotted_name

# fmt: off
_READERS = frozenset({
    "open", "load", "load_file", "loadtxt", "genfromtxt", "fromfile", "memmap", "imread",
    "read_image", "read_text", "read_file", "safe_open", "dotenv_values", "load_dotenv",
})
# fmt: on
_WRITING = frozenset("wax+")


@dataclass(frozen=True)
class Named:
    """A relative path in code on ``line``.

    ``read`` says that it is opened to be read; else it is only made, as by ``Path("a.csv")``.
    ``anchored`` says that it is found by ``__file__``, wherever the program starts.
    """

    path: str
    line: int
    read: bool
    anchored: bool


def named_files(tree: ast.AST, file: str, scope: Sequence[ast.AST]) -> Iterator[Named]:
    """The relative paths that the code of ``file`` (empty for a cell) names.

    ``scope`` is all code that its names may be set in. Paths are those below the folder in which
    the program starts. What is opened to be written is left out.
    """
    names = _Names(scope, file)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = dotted_name(node.func).rpartition(".")[2]
        if function == "Path":
            path = names.path_of(node)
        elif (function in _READERS or function.startswith("read_")) and node.args:
            path = names.path_of(node.args[0])
        else:
            continue
        if function == "open" and not _WRITING.isdisjoint(_mode(node)):
            continue
        if path is not None:
            yield Named(path, node.lineno, function != "Path", names.anchored)


def _mode(call: ast.Call) -> str:
    given = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
    return next(
        (
            one.value
            for one in given
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ),
        "",
    )


class _Names:
    """Finds the paths that expressions stand for, with the texts that names are set to once."""

    def __init__(self, scope: Sequence[ast.AST], file: str) -> None:
        self._file = file
        self._set: Mapping[str, ast.expr] = _set_once(scope)
        self.anchored = False

    def path_of(self, node: ast.expr) -> str | None:
        """A relative path that leads nowhere above where it starts; else None.

        Sets ``anchored``.
        """
        self.anchored = False
        text = self._text(node, 0)
        if text is None or text.startswith(("/", "~")) or "://" in text or "\0" in text:
            return None
        path = posixpath.normpath(text)
        return None if path in ("", ".") or path.split("/")[0] == ".." else path

    def _text(self, node: ast.expr, depth: int) -> str | None:
        if depth > 20:
            return None

        def joined(parts: list[ast.expr]) -> str | None:
            texts = [self._text(part, depth + 1) for part in parts]
            known = [text for text in texts if text is not None]
            return posixpath.join(*known) if known and len(known) == len(texts) else None

        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name) if name != "__file__" and name in self._set:
                return self._text(self._set[name], depth + 1)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return joined([left, right])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                first, second = self._text(left, depth + 1), self._text(right, depth + 1)
                return None if first is None or second is None else first + second
            case ast.Attribute(value=value, attr="parent"):
                return self._above(value, depth + 1)
            case ast.Name(id="__file__") if self._file:
                self.anchored = True
                return self._file
            case ast.Call(func=ast.Attribute(value=value, attr="resolve" | "absolute"), args=[]):
                return self._text(value, depth + 1)
            case ast.Call(func=function, args=arguments) if arguments:
                match dotted_name(function).rpartition(".")[2]:
                    case "Path" | "join" | "str" | "abspath":
                        return joined(arguments)
                    case "dirname":
                        return self._above(arguments[0], depth + 1)
        return None

    def _above(self, node: ast.expr, depth: int) -> str | None:
        below = self._text(node, depth)
        return None if below is None else posixpath.dirname(below) or "."


def _set_once(scope: Sequence[ast.AST]) -> dict[str, ast.expr]:
    """The expressions that names are assigned, for names that are assigned once."""
    found: dict[str, list[ast.expr | None]] = {}
    for node in (node for tree in scope for node in ast.walk(tree)):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=annotated):
                found.setdefault(name, []).append(annotated)
            case ast.arg(arg=name):
                found.setdefault(name, []).append(None)
    once = {name: values[0] for name, values in found.items() if len(values) == 1}
    return {name: value for name, value in once.items() if value is not None}
