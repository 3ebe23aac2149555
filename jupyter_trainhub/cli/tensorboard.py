"""TensorBoards: ``create``, ``get``, ``open``, ``logs``, ``stop``, ``start`` and ``delete``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.cli import output
from jupyter_trainhub.cli.tensorboard_page import address, show, started
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.descriptions import why

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.tensorboards import TensorBoards, TensorBoardView

# What `trainhub logs` tells one from a job by.
LOG_PREFIX = "tensorboard/"

_OPTIONS = ("name", "where", "idle_seconds", "reload_interval", "memory", "image", "job",
            "instance")  # fmt: skip


def add_create_parser(made: Any, where: ArgumentParser, form: ArgumentParser) -> None:
    """``trainhub create tensorboard``; ``where`` names a cluster, ``form`` how it is printed."""
    parser = made.add_parser(
        "tensorboard", parents=[where, form], help="open a TensorBoard, here or in the cluster"
    )
    parser.add_argument(
        "folders", nargs="*", metavar="[NAME:]FOLDER",
        help="log folders to show side by side; with --job its own are the default",
    )  # fmt: skip
    parser.add_argument("--name", help="letters, digits, '-' and '_'")
    parser.add_argument(
        "--where", choices=("auto", "local", "cluster"),
        help="auto (default): a process of this machine where it sees the folders, else a pod",
    )  # fmt: skip
    parser.add_argument(
        "--idle", type=int, dest="idle_seconds", metavar="SECONDS",
        help="end it after so long without use; 0: never",
    )  # fmt: skip
    parser.add_argument(
        "--reload", type=int, dest="reload_interval", metavar="SECONDS",
        help="between two looks for new data",
    )  # fmt: skip
    parser.add_argument("--memory", help="the most that it may use, such as 2Gi")
    parser.add_argument("--image", help="of a pod; with Python and TensorBoard 2.21 or later")
    pods = parser.add_mutually_exclusive_group()
    pods.add_argument("--job", metavar="NAME", help="the folders are those of this job")
    pods.add_argument("--instance", metavar="NAME", help="the folders are those of this instance")
    parser.add_argument("--open", action="store_true", help="in the browser, once it answers")


def add_open_parser(commands: Any, where: ArgumentParser) -> None:
    """``trainhub open``."""
    parser = commands.add_parser(
        "open", parents=[where], help="a TensorBoard in the browser, wherever it runs"
    )
    parser.add_argument("kind", choices=("tensorboard",))
    parser.add_argument("name", metavar="NAME|ID")
    parser.add_argument(
        "--port", type=int, default=0, help="of this machine, for one in the cluster; default: any"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address only")


def create(options: Namespace) -> int:
    """``trainhub create tensorboard``; returns once it answers."""
    from jupyter_trainhub.hub.tensorboards.resolve import asks_for_the_cluster
    from jupyter_trainhub.hub.tensorboards.working_folder import from_here
    from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

    given = {name: getattr(options, name) for name in _OPTIONS}
    fields = {name: value for name, value in given.items() if value is not None}
    # With a job or an instance they are as its pods see them.
    is_here = options.job is None and options.instance is None
    folders = [from_here(text) if is_here else text for text in options.folders]
    spec = TensorBoardSpec.parse({**fields, "folders": folders})
    boards = _boards(options, connected=asks_for_the_cluster(spec))
    view = boards.open(spec, lambda path: _here(options, path))
    view = started(boards, view)
    if options.output == "json":
        output.print_json(view)
    elif not options.open:
        print(f"tensorboard {view['id']}: {address(boards, view) or _how_to_open(view)}")
    return _show(options, boards, view, browser=True) if options.open else 0


def read(options: Namespace) -> list[dict[str, Any]]:
    """The TensorBoards that ``trainhub get tensorboards [NAME]`` prints."""
    boards = _boards(options)
    if options.name is not None:
        return [dict(_one(boards, options.name))]
    found, problem = boards.listing()
    if problem:
        print(f"Those of the cluster are not listed: {problem}", file=sys.stderr)
    return [dict(view) for view in found]


def open_(options: Namespace) -> int:
    """``trainhub open tensorboard``; with one in the cluster it goes on until it is interrupted."""
    boards = _boards(options)
    view = _one(boards, options.name)
    if view["phase"] in ("Stopped", "Failed"):
        view = boards.start(view["id"])
    view = started(boards, view)
    return _show(options, boards, view, browser=not options.no_browser)


def logs(options: Namespace) -> int:
    """``trainhub logs tensorboard/NAME``: the end of what it has printed."""
    if options.follow or options.rank is not None:
        raise InvalidField(
            "a TensorBoard has one log, which is printed as it is now",
            field="follow" if options.follow else "rank",
            remedy="Leave it out.",
        )
    boards = _boards(options)
    view = _one(boards, options.name[len(LOG_PREFIX) :])
    lines = boards.log(view["id"]).splitlines()
    tail = len(lines) if options.tail is None else options.tail
    for line in lines[max(0, len(lines) - tail) :]:
        print(line)
    if not lines:
        print(f"It has printed nothing. {why(dict(view))}".rstrip(), file=sys.stderr)
    return 0


def stop(options: Namespace) -> int:
    """``trainhub stop tensorboard``."""
    return _each(options, "stop", "stopped")


def start(options: Namespace) -> int:
    """``trainhub start tensorboard``."""
    options.names = [options.name]
    return _each(options, "start", "is starting")


def delete(options: Namespace) -> int:
    """``trainhub delete tensorboard``."""
    return _each(options, "delete", "deleted")


def _each(options: Namespace, act: str, done: str) -> int:
    boards = _boards(options)
    for name in options.names:
        getattr(boards, act)(_one(boards, name)["id"])
        print(f"tensorboard {name} {done}")
    return 0


def _show(options: Namespace, boards: TensorBoards, view: TensorBoardView, *, browser: bool) -> int:
    port = getattr(options, "port", 0)
    return show(boards, view, lambda: _connect(options), port=port, browser=browser)


def _how_to_open(view: TensorBoardView) -> str:
    return f"see it with 'trainhub open tensorboard {view['name']}'"


def _one(boards: TensorBoards, name: str) -> TensorBoardView:
    from jupyter_trainhub.hub.tensorboards.matching import matching

    return matching(boards.list(), name)


def _boards(options: Namespace, *, connected: bool = False) -> TensorBoards:
    """The TensorBoards; ``connected`` starts the embedded cluster if need be."""
    from jupyter_trainhub.cli.commands import configured
    from jupyter_trainhub.hub.tensorboards import TensorBoards

    @cache
    def hub() -> Hub | None:
        return _connect(options) if connected else _running(options)

    return TensorBoards(configured(options), hub)


def _running(options: Namespace) -> Hub | None:
    from jupyter_trainhub.cli.commands import configured
    from jupyter_trainhub.hub.cluster import EmbeddedCluster, choose_cluster

    config = configured(options)
    if choose_cluster(config).embedded and EmbeddedCluster(config).status()["state"] != "running":
        return None
    return _connect(options)


def _connect(options: Namespace) -> Hub:
    from jupyter_trainhub.cli import commands

    return commands.connect(options)


def _here(options: Namespace, path: str) -> Path:
    from jupyter_trainhub.cli.commands import configured
    from jupyter_trainhub.hub.tensorboards.roots import allowed_folder

    roots = [Path.cwd(), Path.home(), *map(Path, configured(options).log_roots)]
    return allowed_folder(Path(path).expanduser(), roots, shown=path, field="folders")
