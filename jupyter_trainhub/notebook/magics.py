"""What becomes of each of IPython's commands in a job, where there is no IPython and no shell."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Callable
from dataclasses import dataclass

RUNNER_MODULE = "trainhub_notebook"
OR_SKIP = "or tag the cell trainhub-skip"

# Commands that change what a person sees or how they work, not what the program computes.
# fmt: off
_DISPLAY_ONLY = frozenset({
    "alias", "autoawait", "autocall", "autoindent", "automagic", "autoreload", "autosave",
    "bookmark", "colors", "config", "connect_info", "dhist", "dirs", "doctest_mode", "hist",
    "history", "lf", "lk", "ll", "load_ext", "logoff", "logon", "logstart", "logstate", "logstop",
    "ls", "lsmagic", "lx", "magic", "man", "matplotlib", "notebook", "page", "pastebin", "pdb",
    "pdef", "pdoc", "pfile", "pinfo", "pinfo2", "popd", "pprint", "precision", "psearch",
    "psource", "pushd", "pwd", "pycat", "quickref", "rehashx", "reload_ext", "tensorboard",
    "trainhub", "unalias", "unload_ext", "who", "who_ls", "whos", "xmode",
})
_DISPLAY_CELLS = frozenset({
    "html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG", "trainhub",
})
_HARMLESS_EXTENSIONS = frozenset({
    "autoreload", "jupyter_trainhub", "line_profiler", "memory_profiler", "tensorboard",
})
# fmt: on
_INSTALLERS = frozenset(["pip", "conda", "mamba", "micromamba", "uv"])
_SYSTEM_INSTALLERS = frozenset(["apt", "apt-get", "dnf", "yum", "apk"])
_SHELL_CELLS = frozenset(["bash", "sh", "script", "cmd", "system", "sx", "!", "!!"])
# Python's words for what IPython lets people type without the %.
AUTOMAGIC = _INSTALLERS | {"cd", "ls"}


class Refused(ValueError):
    """A job cannot do this; the message says why and what would do."""


@dataclass(frozen=True)
class Outcome:
    """What stands for a command: Python ``code``, with a ``note`` on the change.

    ``warning`` says what may be missed.
    """

    note: str
    code: str = "pass"
    warning: str | None = None


def line_magic(name: str, line: str) -> Outcome:
    """What becomes of ``%name line``. Raises Refused."""
    written = f"%{name} {line}".strip()
    if name in _INSTALLERS:
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
        _refuse_expansion(line)
        return handler(line)
    except ValueError as error:
        raise Refused(f"{written}: {error}") from error


def shell(written: str, command: str) -> Outcome:
    """What becomes of the shell command ``command``, in the notebook ``written``."""
    installs = not (_INSTALLERS | _SYSTEM_INSTALLERS).isdisjoint(command.split())
    remedy = "Put it into the image." if installs else "Do it before, or with subprocess.run."
    return Outcome(
        note=f"{written} left out: jobs run no shell commands",
        warning=f"{written} is left out: jobs run no shell commands. {remedy}",
    )


def cell_magic(name: str, line: str) -> Outcome:
    """What becomes of a cell ``%%name line`` that holds no file and no Python. Raises Refused."""
    written = f"%%{name} {line}".strip()
    if name in _DISPLAY_CELLS:
        return Outcome(note=f"{written} left out: it changes nothing in a job")
    if name in _SHELL_CELLS:
        raise Refused(
            f"{written} is a shell script, which jobs do not run. "
            f"Use subprocess.run, prepare it in the image, {OR_SKIP}."
        )
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
    if name == "time":
        return "%%time left out: its code runs untimed"
    if name == "capture" and all(word.startswith("-") for word in line.split()):
        return "%%capture left out: the output goes to the log"
    return None


def written_file(line: str) -> tuple[str, bool]:
    """Path and whether to append, from what follows ``%%writefile``. Raises Refused."""
    try:
        _refuse_expansion(line)
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
            warning=f"{written} is left out: a job has no IPython. If the code needs what the "
            "extension does, import it as a Python module.",
        )
    return Outcome(note=f"{written} left out: it changes nothing in a job")


def _refuse_expansion(line: str) -> None:
    # IPython puts the values of Python variables there, which are not known before the job runs.
    if "$" in line or "{" in line:
        raise Refused(
            f"jobs do not replace $ and {{}} in commands of IPython. Do it in Python, {OR_SKIP}."
        )


def _env(line: str) -> Outcome:
    # As IPython reads it: `%env NAME=VALUE` or `%env NAME VALUE`; the other forms print.
    name, _, value = line.partition("=" if "=" in line else " ")
    name, value = name.strip(), value.strip()
    if not value and "=" not in line:
        return Outcome(note=f"%env {line}".strip() + " left out: it only prints")
    if not name or any(character.isspace() for character in name):
        raise Refused(f"{name!r} is not the name of a variable. Write %env NAME=VALUE.")
    return Outcome(
        note=f"%env {name} sets os.environ",
        code=f'__import__("os").environ[{name!r}] = {value!r}',
    )


def _cd(line: str) -> Outcome:
    words = [word for word in shlex.split(line) if word != "-q"]
    if len(words) > 1 or any(word.startswith("-") for word in words):
        raise Refused(f"only %cd FOLDER works in a job. Use os.chdir, {OR_SKIP}.")
    folder = words[0] if words else "~"
    path = repr(folder)
    if folder.startswith("~"):
        path = f'__import__("os").path.expanduser({path})'
    return Outcome(
        note=f"%cd becomes os.chdir({folder!r})",
        code=f'__import__("os").chdir({path})',
        warning=f"%cd {folder} needs that folder in the job's pods. Mount it, {OR_SKIP}.",
    )


def _run(line: str) -> Outcome:
    words = shlex.split(line)
    if not words or words[0].startswith("-"):
        raise Refused(f"only %run FILE [ARGUMENT ...] works in a job. Import it, {OR_SKIP}.")
    path = words[0] if "." in posixpath.basename(words[0]) else f"{words[0]}.py"
    if not path.endswith(".py"):
        raise Refused(
            f"jobs run Python files only. Save what is needed of it as a .py file, {OR_SKIP}."
        )
    arguments = ", ".join(repr(word) for word in (path, *words[1:]))
    return Outcome(
        note=f"%run executes {path} and takes over its names",
        code=f'__import__("{RUNNER_MODULE}").run_file(globals(), {arguments})',
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
