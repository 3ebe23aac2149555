"""``trainhub compare``, ``export run``, and what other commands do with runs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_trainhub.hub.views import View


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
    """``trainhub compare runs``: 1 when anything differs, as diff does."""
    from jupyter_trainhub.cli import commands, output
    from jupyter_trainhub.hub.descriptions import text
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
        print(f"\n{piece['diff']}")
    return 1


def export(options: Namespace) -> int:
    """``trainhub export run``: the folder that was written."""
    from jupyter_trainhub.cli import commands

    runs = commands.connect(options).runs
    target = Path(options.path).expanduser().absolute()
    if target.is_dir():
        target /= options.name
    print(runs.export(options.name, target))
    return 0


def resubmit(options: Namespace) -> View:
    """``trainhub resubmit run``: the new job."""
    from jupyter_trainhub.cli import commands

    return commands.connect(options).runs.submit(options.name, options.new_name)
