"""From a cell in IPython's language to plain Python.

IPython's own transformer decides what is a magic, a shell command or a request for help; ``magics``
says what becomes of each. Line numbers stay as they are in the notebook, so that an error in a job
can be shown on its line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from jupyter_trainhub.notebook import magics, source
from jupyter_trainhub.notebook.get_ipython import is_call, questions
from jupyter_trainhub.notebook.ipython_syntax import LineKeepingTransformer
from jupyter_trainhub.notebook.outcome import OR_SKIP, Outcome, Refused
from jupyter_trainhub.notebook.remark import Remark
from jupyter_trainhub.notebook.shell import shell


@dataclass
class Translation:
    """What becomes of a cell.

    ``source`` is Python, or the content of the file ``writes`` where that is set. ``notes`` say
    what was changed, ``warnings`` what may be missed, ``errors`` why the cell cannot run: remarks
    whose cell is not known here. ``setup`` are the programs that install what the cell asks for.
    """

    source: str
    writes: str | None = None
    appends: bool = False
    notes: list[str] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)
    errors: list[Remark] = field(default_factory=list)
    setup: list[tuple[str, ...]] = field(default_factory=list)

    def absorb(self, other: Translation) -> None:
        """Take over what was found in a part of the cell."""
        self.notes += other.notes
        self.warnings += other.warnings
        self.errors += other.errors
        self.setup += other.setup

    def apply(self, outcome: Outcome, line: int) -> str:
        """Note ``outcome`` of a command on ``line`` and return the code that stands for it."""
        self.notes.append(outcome.note)
        if outcome.warning:
            code = "setup" if outcome.setup else "left-out"
            self.warnings.append(Remark.at(None, line, outcome.warning, code))
        if outcome.setup:
            self.setup.append(outcome.setup)
        return outcome.code

    def refuse(self, line: int, why: str, code: str = "magic") -> None:
        """Note why the cell cannot run; ``line`` is 0 where that is not known."""
        self.errors.append(
            Remark.at(None, line, why, code) if line else Remark(None, why, None, code)
        )


@dataclass(frozen=True)
class _IPythonCall:
    """A call that IPython's transformer makes from its own syntax, or that a person wrote so."""

    node: ast.Call
    method: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        match self.method, self.arguments:
            case "run_line_magic", (name, line):
                return f"%{name} {line}".strip()
            case "run_cell_magic", (name, line, _):
                return f"%%{name} {line}".strip()
            case "system" | "getoutput", (command,):
                return f"!{command}"
        return f"get_ipython().{self.method}"


def translate(cell: str) -> Translation:
    """``cell`` in Python."""
    lines = cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    blank = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    transformer = LineKeepingTransformer()  # type: ignore[no-untyped-call]
    result = Translation("\n".join(lines))
    try:
        text = "\n" * blank + transformer.transform_cell("\n".join(lines[blank:]))
        tree = source.parse(text)
    except SyntaxError as error:
        result.refuse(*_syntax_error(error, lines))
        return result
    result.source = text
    first = tree.body[0] if tree.body else None
    call = _ipython_call(first.value) if isinstance(first, ast.Expr) else None
    if call is not None and call.method == "run_cell_magic" and len(call.arguments) == 3:
        return _cell_magic(*call.arguments, line_number=blank + 1)
    _replace_calls(tree, result)
    try:
        source.check(result.source)
    except SyntaxError as error:
        result.refuse(*_syntax_error(error, lines))
    return result


def _syntax_error(error: SyntaxError, lines: list[str]) -> tuple[int, str, str]:
    number = error.lineno or 0
    words = lines[number - 1].split() if 0 < number <= len(lines) else []
    remedy = f"Correct it, {OR_SKIP}."
    if words and words[0] in magics.AUTOMAGIC:
        remedy = f"Write %{words[0]}, which says that it is not Python."
    return number, f"syntax error: {error.msg}. {remedy}", "syntax"


def _ipython_call(node: ast.AST) -> _IPythonCall | None:
    match node:
        case ast.Call(
            func=ast.Attribute(
                value=owner,
                attr="run_line_magic"
                | "run_cell_magic"
                | "magic"
                | "system"
                | "getoutput" as method,
            ),
            args=arguments,
        ) if is_call(owner):
            texts: tuple[str, ...] = tuple(
                argument.value
                for argument in arguments
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            )
            if len(texts) != len(arguments):
                texts = ()
            if method == "magic" and texts:
                # How magics were called by hand before IPython 0.13.
                name, _, line = texts[0].lstrip().removeprefix("%").partition(" ")
                return _IPythonCall(node, "run_line_magic", (name, line))
            return _IPythonCall(node, method, texts)
    return None


def _replace_calls(tree: ast.Module, result: Translation) -> None:
    """Replace every IPython call in ``result.source``, whose tree is ``tree``."""
    # Nothing uses the value of a call that is a statement of its own.
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    calls = [call for node in ast.walk(tree) if (call := _ipython_call(node))]
    calls.sort(key=lambda call: (call.node.lineno, call.node.col_offset))
    replacements = list(_answers(tree, calls, result))
    for call in calls:
        if id(call.node) in statements:
            replacements.append((call.node, _code_for(call, result)))
        elif timed := _timed_expression(call):
            result.notes.append("%time left out: its code runs untimed")
            replacements.append((call.node, f"({timed})"))
        else:
            result.refuse(
                call.node.lineno,
                f"the value of {call} is used, but a job has no IPython and no shell. "
                f"Use Python, such as subprocess.run, {OR_SKIP}.",
            )
    replacements.sort(key=lambda pair: (pair[0].lineno, pair[0].col_offset))
    lines = result.source.encode().split(b"\n")
    for node, text in reversed(replacements):
        # The positions of a syntax tree count bytes of UTF-8.
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        head, tail = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
        lines[first : last + 1] = [head + text.encode() + tail, *[b""] * (last - first)]
    result.source = b"\n".join(lines).decode()


def _answers(
    tree: ast.Module, calls: list[_IPythonCall], result: Translation
) -> Iterator[tuple[ast.Call, str]]:
    """What stands for ``get_ipython()`` where it is no part of ``calls``."""
    known = {id(node) for call in calls for node in ast.walk(call.node)}
    for node, attribute in questions(tree, known):
        if attribute is None:
            result.notes.append("get_ipython() is None in a job")
            yield node, "None"
        else:
            result.refuse(
                node.lineno,
                f"get_ipython().{attribute} needs IPython, which jobs do not have. "
                f"Remove it, {OR_SKIP}.",
            )


def _timed_expression(call: _IPythonCall) -> str | None:
    """The Python whose value ``%time`` hands on."""
    match call.method, call.arguments:
        case "run_line_magic", ("time", line):
            inner = translate(line.strip())
            body = [] if inner.errors else source.parse(inner.source).body
            if len(body) == 1 and isinstance(body[0], ast.Expr) and inner.source.count("\n") == 1:
                return inner.source.strip().rstrip(";")
    return None


def _code_for(call: _IPythonCall, result: Translation) -> str:
    """The Python that stands for ``call``, a statement of its own."""
    number = call.node.lineno
    try:
        match call.method, call.arguments:
            case "system" | "getoutput", (command,):
                return result.apply(shell(str(call), command), number)
            case "run_line_magic", ("time", line):
                inner = translate(line.strip() or "pass")
                result.absorb(inner)
                result.notes.append("%time left out: its code runs untimed")
                return inner.source.strip()
            case "run_line_magic", (name, line):
                return result.apply(magics.line_magic(name, line.strip()), number)
        raise Refused(f"{call} calls IPython, which jobs do not have. Use Python, {OR_SKIP}.")
    except Refused as error:
        result.refuse(number, str(error))
        return "pass"


def _cell_magic(name: str, line: str, body: str, *, line_number: int) -> Translation:
    """What becomes of a cell that starts, on ``line_number``, with ``%%name line``."""
    note = magics.stripped_cell_magic(name, line)
    if note is not None:
        inner = translate("\n" * line_number + body)
        inner.notes.insert(0, note)
        return inner
    try:
        if name in ("writefile", "file"):
            path, appends = magics.written_file(line)
            note = f"the file {path} becomes part of the job"
            return Translation(body, writes=path, appends=appends, notes=[note])
        result = Translation("\n")
        result.apply(magics.cell_magic(name, line), line_number)
        return result
    except Refused as error:
        return Translation("\n", errors=[Remark.at(None, line_number, str(error), "magic")])
