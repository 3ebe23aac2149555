"""The arguments of ``%%distributed``, and the fields of a job that they mean."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from IPython.core.magic_arguments import argument, magic_arguments

from jupyter_trainhub.errors import InvalidField

_Magic = TypeVar("_Magic", bound=Callable[..., Any])

# Seconds. A job outlives a kernel that dies, and nobody may notice: it holds its GPUs no longer.
TIME_LIMIT = 4 * 3600

_ARGUMENTS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("-n", "--nodes"), {"type": int, "default": 1, "help": "On how many nodes it runs."}),
    (("-g", "--gpus"), {"type": int, "help": "GPUs on each node."}),
    (("-p", "--procs"), {"type": int, "help": "Processes on each node. Default: one a GPU."}),
    (("--image",), {"help": "The image. Default: that of the site."}),
    (("--cpus",), {"help": "CPUs on each node, as 4 or 500m."}),
    (("--memory",), {"help": "Memory on each node, as 16Gi."}),
    (("--env",), {"action": "append", "metavar": "NAME=VALUE", "help": "A variable."}),
    (("--storage",), {"action": "append", "help": "A storage of the site, by its name."}),
    (("--virtual-cluster",), {"help": "The group of nodes to run on."}),
    (("--framework",), {"help": "pytorch or single. Default: what the processes need."}),
    (("--name",), {"help": "The job's name. Default: the notebook's, with a number."}),
    (("--timeout",), {"type": int, "default": TIME_LIMIT, "metavar": "SECONDS",
        "help": f"The job is ended after that. Default: {TIME_LIMIT}; 0: never."}),
    (("--pass",), {"action": "append", "dest": "passed", "metavar": "NAMES",
        "help": "Variables whose values go along, separated by commas."}),
    (("--only",), {"action": "store_true", "help": "No definitions of other cells go along."}),
    (("--result",), {"metavar": "NAME",
        "help": "The variable of rank 0 that is the cell's value, and is set here too. "
        "Default: the value of the last line."}),
    (("--fetch",), {"action": "append", "metavar": "NAMES",
        "help": "Further variables of rank 0 to set here, separated by commas."}),
    (("--no-result",), {"action": "store_true", "help": "Nothing comes back."}),
    (("--keep",), {"action": "store_true", "help": "Keep the job after it has succeeded."}),
    (("--dry-run",), {"action": "store_true", "help": "Show what would run, and run nothing."}),
)  # fmt: skip


def distributed_arguments(magic: _Magic) -> _Magic:
    """Decorate ``magic`` with its arguments, from which IPython makes its help."""
    decorated: Any = magic
    for names, how in reversed(_ARGUMENTS):
        decorated = argument(*names, **how)(decorated)  # type: ignore[no-untyped-call]
    described: Any = magic_arguments("%distributed")  # type: ignore[no-untyped-call]
    return cast("_Magic", described(decorated))


def fields(options: Namespace) -> dict[str, Any]:
    """The fields of a job that ``options`` ask for. Raises InvalidField."""
    asked = {
        "name": options.name,
        "framework": options.framework,
        "nodes": options.nodes,
        "processes_per_node": options.procs,
        "gpus": options.gpus,
        "image": options.image,
        "cpus": options.cpus,
        "memory": options.memory,
        "env": _variables(options.env or ()),
        "storages": options.storage,
        "virtual_cluster": options.virtual_cluster,
        "time_limit": options.timeout or None,
        "category": "debug",
    }
    return {name: value for name, value in asked.items() if value is not None}


def listed(texts: Sequence[str] | None) -> list[str]:
    """The names in arguments that hold several, separated by commas. Raises InvalidField."""
    names = [name.strip() for text in texts or () for name in text.split(",") if name.strip()]
    for name in names:
        if not name.isidentifier():
            raise InvalidField(
                f"{name!r} is not the name of a variable",
                field="--pass, --fetch",
                remedy="Separate names by commas, without spaces.",
            )
    return names


def _variables(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidField(f"{text!r} has no value", field="--env", remedy="Write NAME=VALUE.")
        found[name] = value
    return found
