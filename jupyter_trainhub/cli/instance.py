"""``trainhub edit``, ``restart`` and ``events``, and the dry run of ``create instance``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.cli import output
from jupyter_trainhub.cli.confirmation import add_yes, confirmed
from jupyter_trainhub.cli.spec import instance_fields
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.descriptions import describe_check, text

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub


def add_parsers(commands: Any, where: ArgumentParser, pod: ArgumentParser) -> None:
    """The parsers of these commands; ``pod`` has the options of a spec."""
    edit = commands.add_parser("edit", parents=[where, pod], help="change an instance")
    edit.add_argument("kind", choices=("instance",))
    edit.add_argument("name")
    edit.add_argument(
        "--restart", action="store_true", help="end its pod, so that the change counts at once"
    )
    edit.add_argument("--start", choices=("auto", "image"), help="what its container runs")
    add_yes(edit)
    restart = commands.add_parser("restart", parents=[where], help="end a pod and start another")
    restart.add_argument("kind", choices=("instance",))
    restart.add_argument("name")
    add_yes(restart)
    events = commands.add_parser("events", parents=[where], help="what the cluster did for it")
    events.add_argument("kind", choices=("job", "instance"))
    events.add_argument("name")
    events.add_argument("-o", "--output", choices=("table", "json"), default="table")


def check(hub: Hub, options: Namespace) -> int:
    """``trainhub create instance --dry-run``: 1 when it could never start, 2 for bad input."""
    found = hub.instances.check(instance_fields(options))
    if options.output == "json":
        output.print_json(found)
    else:
        print(text(describe_check(found)))
    if found["errors"]:
        return 2
    return 1 if found["verdict"] == "never" else 0


def edit(options: Namespace) -> int:
    """``trainhub edit``: what was not given stays; variables are added to those that are there."""
    from jupyter_trainhub.cli import commands
    from jupyter_trainhub.specs.instance import InstanceSpec

    hub = commands.connect(options)
    fields = instance_fields(options)
    view = hub.instances.get(options.name)
    if fields.keys() == {"name"} and not options.restart:
        raise InvalidField(
            "nothing is to be changed", field="edit", remedy="Give an option such as --cpus 4."
        )
    if "env" in fields:
        fields["env"] = {**view["spec"].get("env", {}), **fields["env"]}
    spec = InstanceSpec.parse({**view["spec"], **fields})
    if options.restart and not confirmed(options, view, "restart"):
        return 1
    changed = hub.instances.update(
        options.name, spec, version=view["version"], restart=options.restart
    )
    waits = changed["restart_needed"] and not options.restart
    later = f"; it counts after 'trainhub restart instance {options.name}'" if waits else ""
    print(f"instance {options.name} changed{later}")
    return 0


def restart(options: Namespace) -> int:
    """``trainhub restart``."""
    from jupyter_trainhub.cli import commands

    hub = commands.connect(options)
    if not confirmed(options, hub.instances.get(options.name), "restart"):
        return 1
    hub.instances.restart(options.name)
    print(f"instance {options.name} is restarting")
    return 0


def events(options: Namespace) -> int:
    """``trainhub events``."""
    from jupyter_trainhub.cli import commands

    hub = commands.connect(options)
    nouns = hub.jobs if options.kind == "job" else hub.instances
    output.print_views("events", list(nouns.events(options.name)), options.output)
    return 0
