"""Entry point of the ``trainhub`` command.

It ends with 0 when all went well, 2 for bad input, 1 for everything else, 130 when interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from jupyter_trainhub.cli import commands, job, tensorboard
from jupyter_trainhub.cli.parser import make_parser
from jupyter_trainhub.errors import InvalidField, TrainHubError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command ``argv``, default the process's own; its exit code."""
    arguments, program = split(list(sys.argv[1:] if argv is None else argv))
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.version:
        from jupyter_trainhub._version import __version__

        print(__version__)
        return 0
    if options.command is None:
        parser.print_help()
        return 2
    kind = getattr(options, "kind", None)
    if program and (options.command, kind) not in (("create", "job"), ("exec", None)):
        parser.error("a program after '--' goes with 'create job' and 'exec' only")
    try:
        if options.command == "exec":
            from jupyter_trainhub.cli.exec import execute

            return execute(options, program)
        if options.command == "create":
            if options.kind == "job":
                return job.create(options, program)
            if options.kind == "tensorboard":
                return tensorboard.create(options)
            return commands.create_instance(options)
        return commands.COMMANDS[options.command](options)
    except TrainHubError as error:
        report(error)
        return 2 if isinstance(error, InvalidField) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, such as `head`, has what it wanted. Python would complain once more when it
        # closes the standard output at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def split(argv: list[str]) -> tuple[list[str], list[str]]:
    """The command's own arguments, and the program that follows ``--``.

    With ``ssh`` it is among the arguments of OpenSSH's.
    """
    if "--" not in argv or argv[0] == "ssh":
        return argv, []
    position = argv.index("--")
    return argv[:position], argv[position + 1 :]


def report(error: TrainHubError) -> None:
    """Print the error, and the further fields at fault."""
    from jupyter_trainhub.hub.printable import printable

    # It may hold what a program, or another user, has written.
    print(f"error: {printable(str(error))}", file=sys.stderr)
    for cause in error.details.get("causes", [])[1:]:
        print(f"error: {cause['field']}: {cause['message']}", file=sys.stderr)
