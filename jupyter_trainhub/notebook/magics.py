"""What becomes of each of IPython's commands in a job, where there is no IPython and no shell."""

from __future__ import annotations

import io
import posixpath
import shlex
from collections.abc import Callable

from jupyter_trainhub.notebook.outcome import OR_SKIP, Outcome, Refused
from jupyter_trainhub.notebook.shell import INSTALLERS, shell

RUNNER_MODULE = "trainhub_notebook"

# Commands that change what a person sees or how they work, not what the program computes.
# fmt: off
_DISPLAY_ONLY = frozenset({
    "alias", "autoawait", "autocall", "autoindent", "automagic", "autoreload", "autosave",
    "bookmark", "clear", "cls", "colors", "config", "connect_info", "dhist", "dirs",
    "doctest_mode", "gui", "hist", "history", "lf", "lk", "ll", "load_ext", "logoff", "logon",
    "logstart", "logstate", "logstop", "ls", "lsmagic", "lx", "magic", "man", "matplotlib",
    "notebook", "page", "pastebin", "pdb", "pdef", "pdoc", "pfile", "pinfo", "pinfo2", "pprint",
    "precision", "psearch", "psource", "pwd", "pycat", "quickref", "rehashx", "reload_ext",
    "tensorboard", "trainhub", "unalias", "unload_ext", "who", "who_ls", "whos", "xmode",
})
_DISPLAY_CELLS = frozenset({
    "html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG", "trainhub",
})
_HARMLESS_EXTENSIONS = frozenset({
    "autoreload", "jupyter_trainhub", "line_profiler", "memory_profiler", "tensorboard",
})
# fmt: on
_SHELL_CELLS = frozenset(["bash", "sh", "script", "cmd", "system", "sx", "!", "!!"])
# What IPython lets people type without the %, and Python takes for its own.
AUTOMAGIC = INSTALLERS | {"cd", "hist", "history", "ll", "ls", "lsmagic", "pwd", "who", "whos"}


def line_magic(name: str, line: str) -> Outcome:
    """What becomes of ``%name line``. Raises Refused."""
    written = f"%{name} {line}".strip()
    if name in INSTALLERS:
        return shell(written, f"{name} {line}")
    if name in ("sx", "system"):
        return shell(written, line)
    if name in _DISPLAY_ONLY:
        return _display_only(name, line, written)
    handler = _HANDLERS.get(name)
    if handler is None:
        raise Refused(
            f"{written} is a command of IPython, which jobs do not have. "
            f"Do it in Python, {OR_SKIP}."
        )
    try:
        return handler(line)
    except ValueError as error:
        raise Refused(f"{written}: {error}") from error


def cell_magic(name: str, line: str) -> Outcome:
    """What becomes of a cell ``%%name line`` that holds no file and no Python. Raises Refused."""
    written = f"%%{name} {line}".strip()
    if name in _DISPLAY_CELLS:
        return Outcome(note=f"{written} left out: it changes nothing in a job")
    if name == "script" and line.split(None, 1)[:1] in (["false"], ["true"], ["echo"]):
        return Outcome(note=f"{written} left out: it hands the cell to a program that ignores it")
    if name in _SHELL_CELLS:
        raise Refused(
            f"{written} is a shell script, which jobs do not run. "
            f"Use subprocess.run, prepare it in the image, {OR_SKIP}."
        )
    if name == "time":
        raise Refused(f"{written}: no code may follow on that line. Put it on the next.")
    if name == "timeit":
        raise Refused(f"{written} runs the cell many times over. Use time.perf_counter, {OR_SKIP}.")
    if name == "capture":
        raise Refused(
            f"{written} keeps the output in a variable, which jobs do not. "
            f"Use contextlib.redirect_stdout, {OR_SKIP}."
        )
    raise Refused(
        f"{written} is a command of IPython, which jobs do not have. Do it in Python, {OR_SKIP}."
    )


def stripped_cell_magic(name: str, line: str) -> str | None:
    """A note when only the first line of a ``%%name`` cell goes and its code runs, else None."""
    if name == "time" and not line.strip():
        return "%%time left out: its code runs untimed"
    if name == "capture" and all(word.startswith("-") for word in line.split()):
        return "%%capture left out: the output goes to the log"
    return None


def written_file(line: str) -> tuple[str, bool]:
    """Path and whether to append, from what follows ``%%writefile``. Raises Refused."""
    try:
        if _has_expansion(line):
            raise Refused(
                f"jobs cannot know $ and {{}} in a file's name before. Write it, {OR_SKIP}."
            )
        words = shlex.split(line)
        names = [word for word in words if word not in ("-a", "--append")]
        if len(names) != 1:
            raise Refused(f"one file name is expected, there are {len(names)}. Give one.")
        return relative_path(names[0]), len(names) < len(words)
    except ValueError as error:
        raise Refused(f"%%writefile {line}: {error}") from error


def relative_path(path: str) -> str:
    """``path`` in its shortest form. Raises Refused when it leaves the folder it starts from."""
    normal = posixpath.normpath(path)
    leaves = normal.startswith(("/", "~")) or normal.split("/")[0] == ".."
    if leaves or normal == "." or path.endswith("/") or "\0" in path:
        raise Refused(
            f"{path!r} is not the name of a file below the notebook's folder. "
            "Give a relative path without '..'."
        )
    return normal


def _display_only(name: str, line: str, written: str) -> Outcome:
    if name in ("pinfo", "pinfo2"):
        written = line + ("?" if name == "pinfo" else "??")
    if name == "load_ext" and line not in _HARMLESS_EXTENSIONS:
        return Outcome(
            note=f"{written} left out: a job has no IPython",
            warning=f"{written} does nothing in a job, which has no IPython. If the code needs "
            "what the extension does, import it as a Python module.",
        )
    return Outcome(note=f"{written} left out: it changes nothing in a job")


def _has_expansion(text: str) -> bool:
    # IPython puts the values of Python expressions there, which only the job knows.
    return "$" in text or "{" in text or "}" in text


def _value(text: str) -> str:
    """Python for ``text``, with what IPython replaces in it."""
    if not _has_expansion(text):
        return repr(text)
    return f'__import__("{RUNNER_MODULE}").expand(globals(), {text!r})'


def _env(line: str) -> Outcome:
    # As IPython reads it: `%env NAME=VALUE` or `%env NAME VALUE`; the other forms print.
    name, _, value = line.partition("=" if "=" in line else " ")
    name, value = name.strip(), value.strip()
    if not value and "=" not in line:
        return Outcome(note=f"%env {line}".strip() + " left out: it only prints")
    if not name or _has_expansion(name) or any(character.isspace() for character in name):
        raise Refused(f"{name!r} is not the name of a variable. Write %env NAME=VALUE.")
    return Outcome(
        note=f"%env {name} sets os.environ",
        code=f'__import__("os").environ[{name!r}] = {_value(value)}',
    )


def _cd(line: str) -> Outcome:
    if _has_expansion(line):
        folder = line.removeprefix("-q ").strip().strip("'\"")
    else:
        words = [word for word in shlex.split(line) if word != "-q"]
        if len(words) > 1 or any(word.startswith("-") for word in words):
            raise Refused(f"only %cd FOLDER works in a job. Use os.chdir, {OR_SKIP}.")
        folder = words[0] if words else "~"
    path = _value(folder)
    if folder.startswith("~"):
        path = f'__import__("os").path.expanduser({path})'
    return Outcome(
        note=f"%cd becomes os.chdir({folder!r})",
        code=f'__import__("os").chdir({path})',
        warning=f"%cd {folder} needs that folder in the job's pods. Mount it, {OR_SKIP}.",
    )


def _run(line: str) -> Outcome:
    text = io.StringIO(line)
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    options, path = "", lexer.get_token()
    while path in ("-i", "-n", "-e"):
        options, path = options + path[1], lexer.get_token()
    if not path or path.startswith("-") or _has_expansion(path):
        raise Refused(
            f"only %run [-i] [-n] [-e] FILE [ARGUMENT ...] works in a job. Import it, {OR_SKIP}."
        )
    path = path if "." in posixpath.basename(path) else f"{path}.py"
    if not path.endswith(".py"):
        raise Refused(
            f"jobs run Python files only. Save what is needed of it as a .py file, {OR_SKIP}."
        )
    rest = text.read().strip()
    if _has_expansion(rest):
        arguments = [f'*__import__("shlex").split({_value(rest)})']
    else:
        arguments = [repr(word) for word in shlex.split(rest)]
    if options:
        arguments.append(f"options={options!r}")
    called = ", ".join(["globals()", repr(path), *arguments])
    return Outcome(
        note=f"%run executes {path} and takes over its names",
        code=f'__import__("{RUNNER_MODULE}").run_file({called})',
    )


def _refusing(why: str) -> Callable[[str], Outcome]:
    def refuse(_line: str) -> Outcome:
        raise Refused(f"{why}, {OR_SKIP}.")

    return refuse


_HANDLERS: dict[str, Callable[[str], Outcome]] = {
    "env": _env,
    "set_env": _env,
    "cd": _cd,
    "run": _run,
    "pylab": _refusing("it hides where names come from. Import numpy and matplotlib"),
    "timeit": _refusing("it runs its code many times over. Use time.perf_counter"),
    "debug": _refusing("there is no keyboard in a job. Remove it"),
}
