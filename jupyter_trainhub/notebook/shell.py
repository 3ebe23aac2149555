"""What becomes of shell commands: a job runs none, but its preparation can install packages."""

from __future__ import annotations

import re
import shlex

from jupyter_trainhub.notebook.outcome import Outcome

INSTALLERS = frozenset(["pip", "conda", "mamba", "micromamba", "uv"])
_SYSTEM_INSTALLERS = frozenset(["apt", "apt-get", "dnf", "yum", "apk"])
# What a shell would not pass to pip as it stands.
_SHELL_WORDS = re.compile(r"[();<>|&]+")
_EXPANDED = re.compile(r"[$`*?{}\\]|^~")
_PIP = re.compile(r"(?:[\w./-]*/)?pip[\d.]*")
_PYTHON = re.compile(r"(?:[\w./-]*/)?python[\d.]*|\{sys\.executable\}|\$sys\.executable")


def shell(written: str, command: str) -> Outcome:
    """What becomes of the shell command ``command``, in the notebook ``written``."""
    setup = installation(command)
    if setup is not None:
        return Outcome(
            note=f"{written} left to the installation before the job",
            warning=f"{written} is left out unless the job installs packages before it starts. "
            "Ask for that (setup), or put them into the image.",
            setup=setup,
        )
    installs = not (INSTALLERS | _SYSTEM_INSTALLERS).isdisjoint(command.split())
    remedy = "Put it into the image." if installs else "Do it before, or with subprocess.run."
    return Outcome(
        note=f"{written} left out: jobs run no shell commands",
        warning=f"{written} does not run, for jobs run no shell commands. {remedy}",
    )


def installation(command: str) -> tuple[str, ...] | None:
    """The program and its arguments when ``command`` is a plain ``pip install``, else None.

    What a shell would do more than start it, such as a second command, makes it none.
    """
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:
        return None
    comment = next((i for i, word in enumerate(words) if word.startswith("#")), len(words))
    match words[:comment]:
        case [python, "-m", "pip", "install", *rest] if _PYTHON.fullmatch(python):
            pass
        case [pip, "install", *rest] if _PIP.fullmatch(pip):
            pass
        case _:
            return None
    if any(_SHELL_WORDS.fullmatch(word) or _EXPANDED.search(word) for word in rest):
        return None
    return ("python", "-m", "pip", "install", *rest) if rest else None
