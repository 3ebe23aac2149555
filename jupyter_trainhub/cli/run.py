"""Runs: `compare`, and what `export` does with one."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any


def add_parsers(commands: Any, where: ArgumentParser, output: ArgumentParser) -> None:
    """Add the commands; ``where`` names a cluster, ``output`` says how it is printed."""
    compare = commands.add_parser(
        "compare", parents=[where, output], help="what differs between two runs"
    )
    compare.add_argument("kind", choices=("runs",))
    compare.add_argument("a", metavar="RUN")
    compare.add_argument("b", metavar="RUN")
    compare.add_argument("--all", action="store_true", help="also what is the same in both specs")


def compare(options: Namespace) -> int:
    """``trainhub compare runs``."""
    from jupyter_trainhub.cli import commands, output
    from jupyter_trainhub.hub.descriptions import text
    from jupyter_trainhub.hub.printable import printable
    from jupyter_trainhub.hub.runs.descriptions import describe_comparison

    found = commands.connect(options).runs.compare(options.a, options.b)
    lines = describe_comparison(found, everything=options.all)
    if options.output == "json":
        output.print_json(found)
        return 0
    if not lines:
        print("They do not differ.", file=sys.stderr)
        return 0
    print(text(lines))
    for piece in found["code"]:
        print(f"\n{printable(piece['diff'])}")
    return 0


def export(options: Namespace) -> int:
    """``trainhub export run``: the folder that was written."""
    from jupyter_trainhub.cli import commands

    runs = commands.connect(options).runs
    target = Path(options.path).expanduser().absolute()
    if target.is_dir():
        target /= options.image
    print(runs.export(options.image, target))
    return 0
