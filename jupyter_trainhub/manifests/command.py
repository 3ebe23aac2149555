"""Commands of containers, so that every argument arrives to the letter."""

from __future__ import annotations

import re

from jupyter_trainhub.inpod import program


def literal(text: str) -> str:
    """``text`` escaped so that it reaches the container as it is.

    Kubernetes replaces ``$(NAME)`` in commands and in the values of variables, and turns ``$$``
    into ``$``; a ``$`` before anything else stays.
    https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
    """
    return re.sub(r"\$(?=[$(])", "$$", text)


def shell(script: str, *arguments: str) -> list[str]:
    """The command that runs a script of ``inpod``; ``arguments`` are its ``$1`` and on.

    They stand behind the script's text and never in it. ``$(NAME)`` in them is Kubernetes' to
    replace; :func:`literal` keeps it.
    """
    return ["/bin/sh", "-c", literal(program(script).decode()), script, *arguments]


def probe(script: str, *arguments: str) -> list[str]:
    """The command of a probe that runs a script of ``inpod``, which must hold no ``$(NAME)``.

    Not every kubelet replaces anything in a probe's command, so nothing can be escaped.
    """
    return ["/bin/sh", "-c", program(script).decode(), script, *arguments]
