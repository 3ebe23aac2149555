"""Asking before something is lost."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from jupyter_trainhub.hub.instances.losses import Act, losses

if TYPE_CHECKING:
    from jupyter_trainhub.hub.views import View


def add_yes(parser: ArgumentParser) -> None:
    """The option that leaves the question out."""
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask for confirmation")


def confirmed(options: Namespace, view: View, act: Act) -> bool:
    """Whether ``act`` on an instance may go on; see :func:`agreed`."""
    return agreed(options, losses(view, act))


def agreed(options: Namespace, lost: str | None) -> bool:
    """Whether to go on: nothing is lost, or the user at the terminal says so.

    Where nobody sits at a terminal, as in scripts, no question is asked.
    """
    if lost is None or options.yes or not sys.stdin.isatty():
        return True
    print(lost, file=sys.stderr)
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    print("Nothing was done.", file=sys.stderr)
    return False
