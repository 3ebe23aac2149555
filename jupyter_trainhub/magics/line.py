"""``%trainhub``: lists, logs and ends of jobs, from a notebook."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from IPython.core.error import TryNext, UsageError

from jupyter_trainhub import api
from jupyter_trainhub.api import session
from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.descriptions import describe_job, text

_LIST = "list"


class _Parser(argparse.ArgumentParser):
    """Tells IPython what is wrong, where the command's own parser would end the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. {self.format_usage().strip()}")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise UsageError(message or "")


def run(line: str) -> Any:
    """Do what ``line`` says; the object that the cell shows, None where there is none.

    Raises UsageError for what cannot be read, and what the hub raises.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{line!r} cannot be read: {error}. Close each quote.") from None
    options = _parser().parse_args(words or [_LIST])
    return options.act(options)


def completions(line: str) -> Sequence[str]:
    """What may stand at the end of ``line``: commands, then names of jobs.

    Never starts a cluster. Raises TryNext, which has IPython look further.
    """
    words = line.split()
    if len(words) < 2 or (len(words) == 2 and not line.endswith(" ")):
        return [*_COMMANDS]
    if words[1] not in _OF_JOBS:
        raise TryNext
    try:
        hub = session.running_hub()
        return [view["name"] for view in hub.jobs.list()] if hub is not None else []
    except TrainHubError:
        return []


def _help(options: argparse.Namespace) -> None:
    print(_parser().format_help())


def _list(options: argparse.Namespace) -> Any:
    return api.jobs


def _get(options: argparse.Namespace) -> Any:
    return api.jobs[options.name]


def _describe(options: argparse.Namespace) -> None:
    print(text(describe_job(session.hub().jobs.get(options.name))))


def _logs(options: argparse.Namespace) -> None:
    how = {"tail": options.tail, "follow": options.follow}
    log = session.hub().jobs.logs(options.name, options.rank, **how)
    try:
        for chunk in log:
            sys.stdout.write(chunk.decode(errors="replace"))
            sys.stdout.flush()
    finally:
        log.close()


def _stop(options: argparse.Namespace) -> None:
    for name in options.names:
        session.hub().jobs.stop(name)
        print(f"Job {name} is stopping.")


def _delete(options: argparse.Namespace) -> None:
    for name in options.names:
        session.hub().jobs.delete(name)
        print(f"Job {name} is deleted. Its record stays: th.runs.")


def _submit(options: argparse.Namespace) -> Any:
    names = ("name", "image", "nodes", "gpus", "cpus", "memory", "framework")
    fields = {name: getattr(options, name) for name in names}
    given = {name: value for name, value in fields.items() if value is not None}
    return api.submit(options.notebook, **given)


def _tensorboard(options: argparse.Namespace) -> Any:
    if options.list:
        return api.tensorboards
    if options.stop is not None:
        api.tensorboards[options.stop].stop()
        print(f"TensorBoard {options.stop} is stopped.")
        return None
    names = ("name", "where", "job", "instance")
    fields = {name: getattr(options, name) for name in names}
    given = {name: value for name, value in fields.items() if value is not None}
    return api.tensorboard(*options.folders, **given)


def _instances(options: argparse.Namespace) -> Any:
    return api.instances


def _cluster(options: argparse.Namespace) -> Any:
    return api.cluster


_COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], Any], str]] = {
    _LIST: (_list, "the jobs"),
    "get": (_get, "one job"),
    "describe": (_describe, "all that is known of one job"),
    "logs": (_logs, "the log of a job until now, or with -f until it ends"),
    "stop": (_stop, "end jobs and keep their records"),
    "delete": (_delete, "delete jobs; their records stay"),
    "submit": (_submit, "submit this notebook, or another one, as a job"),
    "tensorboard": (
        _tensorboard,
        "show a TensorBoard of log folders; --list: those there are",
    ),
    "instances": (_instances, "the dev instances"),
    "cluster": (_cluster, "the cluster and its nodes"),
    "help": (_help, "this text"),
}
_OF_JOBS = ("get", "describe", "logs", "stop", "delete")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%trainhub", add_help=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    made: dict[str, argparse.ArgumentParser] = {}
    for name, (act, help_) in _COMMANDS.items():
        made[name] = commands.add_parser(name, help=help_, add_help=False)
        made[name].set_defaults(act=act)
    for name in ("get", "describe", "logs"):
        made[name].add_argument("name", metavar="JOB")
    for name in ("stop", "delete"):
        made[name].add_argument("names", nargs="+", metavar="JOB")
    made["logs"].add_argument("--rank", type=int)
    made["logs"].add_argument("--tail", type=int)
    made["logs"].add_argument("-f", "--follow", action="store_true")
    made["submit"].add_argument("notebook", nargs="?")
    for name, kind in (("name", str), ("image", str), ("cpus", str), ("memory", str),
                       ("framework", str), ("nodes", int), ("gpus", int)):  # fmt: skip
        made["submit"].add_argument(f"--{name}", type=kind)
    made["tensorboard"].add_argument("folders", nargs="*", metavar="[NAME:]FOLDER")
    made["tensorboard"].add_argument("--list", action="store_true")
    made["tensorboard"].add_argument("--where", choices=("auto", "local", "cluster"))
    for name in ("name", "job", "instance", "stop"):
        made["tensorboard"].add_argument(f"--{name}")
    return parser
