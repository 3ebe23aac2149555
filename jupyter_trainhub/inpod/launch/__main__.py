"""The course of a node, from its environment to its exit code."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..log_record import write_record
from .command import Command, expand, plan_command, require_torch
from .ending import Ended, meaning, memory_kills, say, termination_message
from .environment import encode, image_record, keep, take_record
from .files import FILES, unpack
from .mpi import MpiNode
from .peers import gather, join, part
from .rank_errors import describe_error, hand_out, rank_errors
from .scalars import ScalarWatch
from .setup import install
from .shape import Shape, read_number, read_shape
from .supervisor import Supervisor
from .tee import Tee
from .torchrun import run_torchrun

# Seconds that a node which only lost another one waits with its end at most. With the first pod
# that fails a Job has failed, and Kubernetes deletes the others with all that they could tell.
# The node that failed first may take so long: torchrun gives its other ranks 30 s to end.
_LATER = 35.0
# What came with this program.
_HERE = Path(__file__).parent


def launch(argv: Sequence[str], env: dict[str, str]) -> int:
    """Run the user's ``argv`` on this node and return the pod's exit code."""
    if not env.get("TRAINHUB_ERROR_DIR"):
        env["TRAINHUB_ERROR_DIR"] = tempfile.mkdtemp(prefix="trainhub-errors-")
    folder = Path(env["TRAINHUB_ERROR_DIR"])
    kills = memory_kills()
    tee: Tee | None = None
    node, errors = 0, []
    try:
        supervisor = Supervisor(grace=read_number(env, "TRAINHUB_GRACE", 30))
        limit = read_number(env, "TRAINHUB_TIME_LIMIT", float("inf"))
        shape = read_shape(env)
        node = shape.node_rank
        files = unpack(_HERE, env)
        if files is not None:
            env[FILES] = files
        _offer_library(env)
        _enter(*expand([env.get("TRAINHUB_WORKING_DIR", "")], env))
        tee = _open_tee(argv, env, shape)
        code = _run(argv, env, shape, supervisor, limit, tee)
        ending = supervisor.ending
        if code == 0 and (ending is None or ending.reason == "Terminated"):
            ending = None
        else:
            alone = None if plan_command(argv, env, shape).elastic else (node, code)
            errors = rank_errors(folder, alone, ending.reason if ending else None)
            ending = ending or Ended("Error", _why(code, errors, kills), code)
        if shape.nodes > 1 and errors and all(error["follower"] for error in errors):
            supervisor.linger(_LATER)
    except Ended as early:
        ending = early
    try:
        # Last stands what a person may read: views leave out the records that come before.
        hand_out(errors, folder, node)
        _report(ending, env, errors)
    finally:
        if tee is not None:
            tee.finish()
    return 0 if ending is None else ending.exit_code


def _run(
    argv: Sequence[str],
    env: dict[str, str],
    shape: Shape,
    supervisor: Supervisor,
    limit: float,
    tee: Tee | None,
) -> int:
    run, timeout = env.get("TRAINHUB_RUN", ""), read_number(env, "TRAINHUB_PEER_TIMEOUT", 600)
    mpi: MpiNode | None = None
    if env.get("TRAINHUB_FRAMEWORK") == "mpi":
        mpi = MpiNode(env, shape)
        env.update(mpi.variables(Path(env["TRAINHUB_ERROR_DIR"])))
    command = plan_command(argv, env, shape, None if tee is None else tee.pipes)
    if command.elastic and command.interpreter is not None:
        require_torch(command.interpreter)
    install(_HERE, command.interpreter, command.env)
    if shape.node_rank == 0:
        _record_environment(command, env)
    if mpi is not None:
        mpi.meet(command.env, run, timeout)
        if shape.node_rank > 0:
            return mpi.serve()
        mpi.watch(supervisor.end)
    elif shape.nodes > 1:
        is_first = shape.node_rank == 0
        if is_first:
            meeting = gather(shape, run, env.get("POD_IP", ""), {}, timeout)
        else:
            meeting = join(shape, run, {}, timeout)
        part(meeting, is_first)
    # What the nodes waited for each other, and before that for a place, is not the program's time.
    supervisor.start_clock(limit)
    scalars = ScalarWatch() if shape.node_rank == 0 else None
    try:
        if scalars is not None:
            scalars.start()
        return supervisor.run(command)
    finally:
        if scalars is not None:
            scalars.finish()
        if mpi is not None:
            mpi.release()


def _offer_library(env: dict[str, str]) -> None:
    """Let Python find the ``jupyter_trainhub`` that came with the job, after all of the user's."""
    library = _HERE / "lib"
    if library.is_dir():
        paths = [env.get("PYTHONPATH", ""), str(library)]
        env["PYTHONPATH"] = os.pathsep.join(filter(None, paths))


def _enter(folder: str) -> None:
    """Change to the job's working folder, where an operator cannot start the launcher there."""
    try:
        if folder:
            os.chdir(folder)
    except OSError as error:
        raise Ended(
            "CannotStart", f"the working folder {folder} cannot be used: {error.strerror}", 126
        ) from error


def _open_tee(argv: Sequence[str], env: Mapping[str, str], shape: Shape) -> Tee | None:
    """Copies to the run folder, if there is one that can be written.

    The first node's output passes through it in any case, for its progress bars.
    """
    if not env.get("TRAINHUB_RUN_FOLDER"):
        return _started(Tee(None, 0, ())) if shape.node_rank == 0 else None
    folder = Path(env["TRAINHUB_RUN_FOLDER"], f"attempt-{env.get('TRAINHUB_ATTEMPT') or 1}")
    elastic = plan_command(argv, env, shape).elastic
    first = shape.node_rank * shape.processes
    try:
        tee = Tee(folder, shape.node_rank, range(first, first + shape.processes) if elastic else ())
    except OSError as error:
        say(f"logs are not kept in {folder}: {error.strerror}")
        tee = Tee(None, 0, ())
    return _started(tee)


def _started(tee: Tee) -> Tee:
    tee.start()
    return tee


def _record_environment(command: Command, env: Mapping[str, str]) -> None:
    record = take_record(command.interpreter, command.env)
    write_record("environment", encode(record))
    if env.get("TRAINHUB_RUN_FOLDER"):
        try:
            keep(record, Path(env["TRAINHUB_RUN_FOLDER"]))
        except OSError as error:
            say(f"the record of the environment is not kept: {error.strerror}")


def _why(code: int, errors: Sequence[Mapping[str, Any]], kills: int) -> str:
    """What is known of a failure."""
    text = describe_error(errors[0]) if errors and _tells(errors[0]) else meaning(code)
    if memory_kills() > kills:
        text = f"{text}; the kernel killed a process because the pod's memory limit was reached"
    return text


def _tells(error: Mapping[str, Any]) -> bool:
    """Whether it says more than the exit code of a program that torchrun did not start."""
    return bool(error.get("etype") or error.get("cell") is not None or error["rank"])


def _report(
    ending: Ended | None, env: Mapping[str, str], errors: Sequence[Mapping[str, Any]]
) -> None:
    path = Path(env.get("TRAINHUB_TERMINATION_LOG") or "/dev/termination-log")
    if ending is None:
        # The notebook noted there which cell ran, in case that nobody else could tell.
        with contextlib.suppress(OSError), path.open("r+b") as file:
            file.truncate()
        return
    code = ending.exit_code
    told, why = meaning(code), str(ending)
    say(f"exit code {code} ({told})" + ("" if why == told else f": {why}"))
    error = errors[0] if errors and not errors[0].get("reason") and _tells(errors[0]) else None
    message = termination_message(ending.reason, str(ending), code, error)
    try:
        path.write_bytes(message)
    except OSError as problem:
        say(f"the reason could not be written to {path}: {problem.strerror}")


def main() -> NoReturn:
    """Entry point of the program; it also calls itself, for what another interpreter has to do."""
    mode, arguments = sys.argv[1:2], sys.argv[2:]
    if mode == ["environment"]:
        print(json.dumps(image_record()))
        sys.exit(0)
    if mode == ["torchrun"]:
        run_torchrun(arguments)
        sys.exit(0)
    if mode != ["--"] or not arguments:
        sys.exit("usage: python launch.py -- PROGRAM [ARGUMENT ...]")
    sys.exit(launch(arguments, dict(os.environ)))


if __name__ == "__main__":
    main()
