"""``trainhub create job``, ``clone``, ``resubmit``, ``pin`` and ``restart-jobs``."""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.cli.spec import changed_fields, job_fields

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.views import View

# Jobs that are stopped or deleted at once: each waits for the last of its pods' logs.
AT_ONCE = 16

_FIELDS = (
    ("--framework", "NAME", "single, pytorch or mpi, or one of the site's; default: by --nodes"),
    ("--nodes", "N", "number of nodes"),
    ("--processes-per-node", "N", "default: one for each GPU"),
    ("--virtual-cluster", "NAME", "a group of nodes that the site names"),
    ("--skus", "N", "how many of its SKUs each node gets"),
    ("--category", "NAME", "debug, inference, training (default) or special"),
    ("--project", "NAME", "what it belongs to"),
    ("--priority", "1-9", "9 goes first"),
    ("--time-limit", "SECONDS", "when to end it; default: never"),
    ("--estimated-time", "SECONDS", "how long you expect it to run"),
    ("--peer-timeout", "SECONDS", "how long its nodes wait for each other"),
    ("--restarts", "N", "how often the whole job is started again after a failure"),
    ("--description", "TEXT", "a note"),
)


def add_options(job: ArgumentParser) -> None:
    """Add the options of ``create job`` besides those of every pod."""
    job.add_argument("--name", help="default: the notebook's or the program's, with a number")
    job.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a notebook or a Python script, run as it was last saved with what it imports",
    )
    job.add_argument("--notebook", metavar="FILE", help="the same")
    job.add_argument(
        "--include",
        action="append",
        metavar="PATTERN",
        help="files and folders beside it that travel too, such as 'configs/*.yaml'; of a command: "
        "in the present folder; may be repeated",
    )
    job.add_argument(
        "--setup",
        action=BooleanOptionalAction,
        help="install what %%pip lines of the notebook name, on each node, before it starts",
    )
    for option, metavar, text in _FIELDS:
        job.add_argument(option, metavar=metavar, help=text)
    job.add_argument("--ssh", action=BooleanOptionalAction, help="let its pods be entered by SSH")
    job.add_argument(
        "--ib-network", action=BooleanOptionalAction, help="InfiniBand, or without it; default: any"
    )
    for role in ("checkpoint", "model"):
        job.add_argument(
            f"--{role}-volume",
            metavar="path=PATH[,size=SIZE][,claim=NAME]",
            help=f"a folder for {role}s that is kept after the job",
        )
    job.add_argument(
        "--parameter",
        action="append",
        metavar="NAME=JSON",
        help="a value for the notebook's cell tagged 'parameters'; may be repeated",
    )
    job.add_argument("--follow", action="store_true", help="print its log until it has ended")


def add_parsers(commands: Any, where: ArgumentParser, output: ArgumentParser) -> None:
    """Add the commands; ``where`` names a cluster, ``output`` says how it is printed."""
    clone = commands.add_parser("clone", parents=[where, output], help="submit a job again")
    clone.add_argument("kind", choices=("job",))
    clone.add_argument("name")
    again = commands.add_parser(
        "resubmit",
        parents=[where, output],
        help="submit a job or a run again with the code that it had",
    )
    again.add_argument("kind", choices=("job", "run"))
    again.add_argument("name")
    for parser in (clone, again):
        parser.add_argument(
            "--name", dest="new_name", metavar="NAME", help="default: the next free number"
        )
    clone.add_argument(
        "--set",
        action="append",
        dest="changes",
        metavar="FIELD=VALUE",
        help="a field of its spec and its value, as JSON or as a text; may be repeated",
    )
    for command, text in (("pin", "list it first, and keep its record"), ("unpin", "undo it")):
        pin = commands.add_parser(command, parents=[where], help=text)
        pin.add_argument("kind", choices=("job", "run"))
        pin.add_argument("names", nargs="+", metavar="NAME")
    restart = commands.add_parser(
        "restart-jobs",
        parents=[where],
        help="start failed jobs again that have restarts left, for CronJobs",
    )
    restart.add_argument("-A", "--all-namespaces", action="store_true", help="in all namespaces")


def create(options: Namespace, command: Sequence[str]) -> int:
    """``trainhub create job``; with ``--follow`` 1 when the job does not succeed."""
    from jupyter_trainhub.cli import commands
    from jupyter_trainhub.hub.notebooks import submit

    named = options.notebook or options.file
    file = Path(named).absolute() if named else None
    fields = job_fields(options)
    if file is not None:
        fields["notebook"] = str(file)
    if command:
        takes_arguments = file is not None and file.suffix == ".py"
        fields["args" if takes_arguments else "command"] = list(command)
    hub = commands.connect(options)
    submitted = submit(hub, fields, file)
    view = submitted.view
    for warning in submitted.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if options.follow:
        print(f"job {view['name']} created", file=sys.stderr)
        return _follow(hub, view["name"])
    commands.made("job", view, options)
    return 0


def _follow(hub: Hub, name: str) -> int:
    from jupyter_trainhub.cli import commands
    from jupyter_trainhub.hub.descriptions import why
    from jupyter_trainhub.hub.printable import printable

    with hub.jobs.restarting(name):
        commands.print_log(hub, name, follow=True)
        ended = hub.jobs.wait(name)
    told = printable(why(ended))
    print(f"job {ended['name']} {ended['phase']}{f': {told}' if told else ''}", file=sys.stderr)
    print_first_failed(hub, name)
    return 0 if ended["phase"] == "Succeeded" else 1


def print_failure(hub: Hub, kind: str, view: View) -> None:
    """Print how a job or run has failed, below what is said of it."""
    from jupyter_trainhub.hub.descriptions import text
    from jupyter_trainhub.hub.jobs.failure_words import describe_failure

    if view["phase"] in ("Failed", "Stopped"):
        of = hub.failures.of_view(view) if kind == "jobs" else hub.failures.of_run(view["run"])
        lines = describe_failure(of)
        if lines:
            print(f"\n{text(lines)}")


def print_first_failed(hub: Hub, name: str, attempt: int | None = None) -> None:
    """Print, behind a log and beside it, which rank failed first."""
    from jupyter_trainhub.errors import TrainHubError
    from jupyter_trainhub.hub.jobs.failure_words import failure_sentence
    from jupyter_trainhub.hub.printable import printable

    with contextlib.suppress(TrainHubError):
        sentence = failure_sentence(hub.failures.of_job(name, attempt))
        if sentence:
            print(printable(sentence), file=sys.stderr)


def clone(options: Namespace) -> int:
    """``trainhub clone``."""
    from jupyter_trainhub.cli import commands

    changes = changed_fields(options.changes or ())
    view = commands.connect(options).jobs.clone(options.name, options.new_name, changes)
    commands.made("job", view, options)
    return 0


def resubmit(options: Namespace) -> int:
    """``trainhub resubmit``: of a run also when its job is gone."""
    from jupyter_trainhub.cli import commands

    hub = commands.connect(options)
    again = hub.jobs.resubmit if options.kind == "job" else hub.runs.submit
    commands.made("job", again(options.name, options.new_name), options)
    return 0


def pin(options: Namespace) -> int:
    """``trainhub pin`` and ``unpin``."""
    from jupyter_trainhub.cli import commands

    hub = commands.connect(options)
    act = hub.jobs.pin if options.kind == "job" else hub.runs.pin
    for name in options.names:
        act(name, options.command == "pin")
        print(f"{options.kind} {name} {options.command}ned")
    return 0


def stop(hub: Hub, names: Sequence[str]) -> int:
    """``trainhub stop job``; ends when the last of the logs are kept."""

    def one(name: str) -> str:
        warning = hub.jobs.stop(name, wait=True).get("warning")
        return f"job {name} is stopping{f' ({warning})' if warning else ''}"

    return _each(one, names)


def delete(hub: Hub, names: Sequence[str], *, volumes: bool) -> int:
    """``trainhub delete job``."""

    def one(name: str) -> str:
        hub.jobs.delete(name, volumes=volumes, wait=True)
        return f"job {name} deleted"

    return _each(one, names)


def _each(act: Callable[[str], str], names: Sequence[str]) -> int:
    """Do ``act`` for all ``names`` at once; 1 when one of them fails, which hinders no other."""
    from jupyter_trainhub.cli.main import report
    from jupyter_trainhub.errors import TrainHubError

    failed = False
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for future in [threads.submit(partial(act, name)) for name in names]:
            try:
                print(future.result(), flush=True)
            except TrainHubError as error:
                report(error)
                failed = True
    return 1 if failed else 0


def restart_jobs(options: Namespace) -> int:
    """``trainhub restart-jobs``: a line for each job; 1 when one cannot be started again."""
    from jupyter_trainhub.cli import commands

    hub = commands.connect(options)
    failed = False
    for namespace in hub.jobs.restarts.namespaces() if options.all_namespaces else [hub.namespace]:
        options.namespace = namespace
        where = f"{namespace}/" if options.all_namespaces else ""
        for outcome in commands.connect(options).jobs.restarts.sweep():
            failed |= outcome.failure is not None
            print(f"{where}{outcome.name}: {outcome.message}", flush=True)
    return 1 if failed else 0
