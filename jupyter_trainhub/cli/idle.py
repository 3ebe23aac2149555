"""``trainhub idle``, ``keep`` and ``stop-idle``: idle instances."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.errors import InvalidField

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def add_parsers(commands: Any, where: ArgumentParser, output: ArgumentParser) -> None:
    """Add the commands; ``where`` names a cluster, ``output`` says how it is printed."""
    commands.add_parser("idle", parents=[where, output], help="which instances are in use")
    keep = commands.add_parser("keep", parents=[where], help="do not stop an idle instance yet")
    keep.add_argument("kind", choices=("instance",))
    keep.add_argument("name")
    keep.add_argument(
        "--for", dest="seconds", metavar="TIME", help="such as 30m or 2h; default: the site's"
    )
    stop = commands.add_parser(
        "stop-idle", parents=[where], help="warn of and stop idle instances, for CronJobs"
    )
    stop.add_argument("--dry-run", action="store_true", help="only say what would be done")
    stop.add_argument("-A", "--all-namespaces", action="store_true", help="those of all namespaces")


def idle(options: Namespace) -> int:
    """``trainhub idle``."""
    from jupyter_trainhub.cli import commands, output
    from jupyter_trainhub.hub.tables import idle_table

    views = [
        {"name": view["name"], "owner": view["owner"], "gpus": view["gpus"], "idle": view["idle"]}
        for view in commands.connect(options).instances.list()
        if view["idle"] is not None
    ]
    if options.output == "json":
        output.print_json({"items": views})
    elif views:
        print(idle_table(views).text())
    else:
        print("There are no instances that could be stopped or hold GPUs.", file=sys.stderr)
    return 0


def keep(options: Namespace) -> int:
    """``trainhub keep``."""
    from jupyter_trainhub.cli import commands

    wanted = None if options.seconds is None else seconds(options.seconds)
    hub = commands.connect(options)
    view = hub.idle.extend(options.name, wanted or hub.idle.policy.one_extension)
    print(f"instance {view['name']} is kept until {view['idle']['extended_until']}")
    return 0


def stop_idle(options: Namespace) -> int:
    """``trainhub stop-idle``: a line for each instance; 1 when any could not be looked at."""
    from jupyter_trainhub.cli import commands

    hub = commands.connect(options)
    if not hub.idle.policy.stops:
        raise InvalidField(
            "no time is set after which idle instances are stopped",
            field="idle_timeout",
            remedy="Set TrainHubConfig.idle_timeout or idle_timeout_gpu.",
        )
    failed = False
    for namespace in hub.idle.namespaces() if options.all_namespaces else [hub.namespace]:
        options.namespace = namespace
        failed |= _sweep(commands.connect(options), options)
    return 1 if failed else 0


def _sweep(hub: Hub, options: Namespace) -> bool:
    where = f"{hub.namespace}/" if options.all_namespaces else ""
    failed = False
    for outcome in hub.idle.sweep(dry_run=options.dry_run):
        failed |= outcome.act == "failed"
        act = {"none": "kept", "stopped": "would stop" if options.dry_run else "stopped"}
        line = f"{where}{outcome.name}: {act.get(outcome.act, outcome.act)}: {outcome.message}"
        print(line, flush=True)
    return failed


def seconds(text: str) -> int:
    """Seconds of ``90``, ``30m``, ``2h`` or ``1d``. Raises InvalidField."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd]?)", text.strip())
    if found is None:
        raise InvalidField(
            f"{text!r} is not a time", field="for", remedy="Write it as 30m, 2h or 1d."
        )
    return int(found[1]) * _UNITS[found[2]]
