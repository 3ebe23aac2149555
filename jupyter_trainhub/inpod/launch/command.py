"""What a node executes for the user's command."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .ending import Ended
from .shape import PER_PROCESS, Shape, complete_environment, read_number

_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)
_PYTHON = re.compile(r"python(3(\.\d+)?)?t?")
# Modules that start the processes of a node themselves.
_LAUNCHERS = ("accelerate", "deepspeed", "torchrun")
# A rank opens the pipe by the number that torchrun gave it, and becomes the program.
_INTO_PIPE = 'exec "$@" >"$0/$LOCAL_RANK" 2>&1'


class Command(NamedTuple):
    """What is executed, with its environment.

    ``interpreter`` is the Python of the program where it is one's; ``elastic`` says that torchrun
    starts the processes.
    """

    argv: list[str]
    env: dict[str, str]
    interpreter: str | None = None
    elastic: bool = False


def expand(argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
    """``argv`` with ``$NAME`` and ``${NAME}`` replaced; a name that is not set stays as written.

    No argument is ever split or joined: values are data, not shell text.
    """
    return [
        _VARIABLE.sub(lambda match: env.get(match[1] or match[2], match[0]), text) for text in argv
    ]


def python_program(argv: Sequence[str]) -> tuple[str, list[str], bool] | None:
    """The interpreter, its arguments, and whether they begin with the script or ``-m``.

    None when ``argv`` is not Python's, or starts the processes of a node itself.
    """
    if argv[0].endswith(".py"):
        return sys.executable, list(argv), True
    if not _PYTHON.fullmatch(os.path.basename(argv[0])):
        return None
    interpreter = shutil.which(argv[0]) or sys.executable
    rest = list(argv[1:])
    while rest[:1] == ["-u"]:
        del rest[0]
    if rest[:1] == ["-m"] and len(rest) > 1:
        if rest[1].split(".")[0] in _LAUNCHERS or rest[1].startswith("torch.distributed."):
            return None
        return interpreter, rest, True
    return interpreter, rest, bool(rest) and not rest[0].startswith("-")


def plan_command(
    argv: Sequence[str], env: Mapping[str, str], shape: Shape, pipes: Path | None = None
) -> Command:
    """What this node executes for the user's ``argv``.

    ``pipes`` is the folder with a pipe for each of the node's ranks, if each is to print into its
    own. Raises Ended for an environment that cannot be.
    """
    framework = env.get("TRAINHUB_FRAMEWORK") or "single"
    if framework not in ("single", "pytorch", "mpi"):
        raise Ended(
            "InvalidEnvironment",
            f"TRAINHUB_FRAMEWORK={framework!r} is not known; use single, pytorch or mpi",
            2,
        )
    complete = complete_environment(env, shape, framework)
    argv = expand(argv, complete)
    program = python_program(argv)
    if program is None:
        return Command(argv, complete)
    interpreter, arguments, plain = program
    if framework != "pytorch":
        written = argv if argv[0].endswith(".py") else argv[1:]
        return Command([interpreter, *written], complete, interpreter)
    for name in PER_PROCESS:
        complete.pop(name, None)
    # torchrun copies the first rank's error to where it is told, and complains when it is not.
    if env.get("TRAINHUB_ERROR_DIR"):
        complete["TORCHELASTIC_ERROR_FILE"] = os.path.join(env["TRAINHUB_ERROR_DIR"], "torchrun")
    if pipes is not None:
        unbuffered = ["-u"] if plain else []
        ranks = ["/bin/sh", "-c", _INTO_PIPE, str(pipes), interpreter, *unbuffered, *arguments]
        started = ["--no-python", *ranks]
    elif plain:
        started = ["--module", *arguments[1:]] if arguments[0] == "-m" else arguments
    else:
        started = ["--no-python", interpreter, *arguments]
    options = _options(env, shape)
    full = [interpreter, __file__, "torchrun", *options, *started]
    return Command(full, complete, interpreter, elastic=True)


def _options(env: Mapping[str, str], shape: Shape) -> list[str]:
    timeout = int(read_number(env, "TRAINHUB_PEER_TIMEOUT", 600))
    options = {
        "--nnodes": shape.nodes,
        "--nproc-per-node": shape.processes,
        "--node-rank": shape.node_rank,
        "--master-addr": shape.master_addr,
        "--master-port": shape.master_port,
        # torchrun would otherwise name this node by what its host name resolves to.
        "--local-addr": env.get("POD_IP") or None,
        "--rdzv-conf": f"timeout={max(1, timeout)}",
    }
    return [f"{name}={value}" for name, value in options.items() if value is not None]


def require_torch(interpreter: str) -> None:
    """Raise Ended when the image has no PyTorch. Only this process' interpreter is looked at."""
    same = os.path.realpath(interpreter) == os.path.realpath(sys.executable)
    if same and importlib.util.find_spec("torch") is None:
        raise Ended(
            "CannotStart",
            f"the interpreter {interpreter} has no PyTorch, which framework pytorch needs; "
            "choose an image that has it, or framework single",
            1,
        )
