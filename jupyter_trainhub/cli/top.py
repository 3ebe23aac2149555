"""``trainhub top``: what the pods of a job use now."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.hub.jobs.progress.words import progress_sentence
from jupyter_trainhub.hub.tables import Table
from jupyter_trainhub.specs.quantity import describe_memory

if TYPE_CHECKING:
    from jupyter_trainhub.hub.views import View

_HEADINGS = {
    "cpu": "CPU",
    "memory": "MEMORY",
    "gpu": "GPU",
    "gpu_memory": "GPU MEMORY",
    "network_receive": "RECEIVED",
    "network_transmit": "SENT",
    "disk_read": "READ",
    "disk_write": "WRITTEN",
    "disk": "DISK",
}


def add_parsers(commands: Any, where: ArgumentParser, output: ArgumentParser) -> None:
    """Add the command; ``where`` names a cluster, ``output`` says how it is printed."""
    top = commands.add_parser("top", parents=[where, output], help="what a job uses now")
    top.add_argument("kind", choices=("job",))
    top.add_argument("name")


def top(options: Namespace) -> int:
    """``trainhub top``."""
    from jupyter_trainhub.cli import commands, output

    hub = commands.connect(options)
    found = hub.metrics.of(options.name)
    if options.output == "json":
        output.print_json(found)
        return 0
    progress = hub.jobs.get(options.name)["progress"]
    if progress is not None:
        print(progress_sentence(progress))
    if any(one["points"] for one in found["series"]):
        print(usage_table(found).text())
    else:
        print(f"Nothing was measured of job {options.name}.", file=sys.stderr)
    reasons: dict[str, list[str]] = {}
    for entry in found["missing"]:
        names = reasons.setdefault(f"{entry['why']}. {entry['remedy']}", [])
        names.append(_HEADINGS[entry["metric"]])
    for reason, names in reasons.items():
        print(f"{', '.join(names)}: {reason}", file=sys.stderr)
    return 0


def usage_table(metrics: View) -> Table:
    """The last point of each pod and metric; metrics of which nothing is known are left out."""
    latest: dict[tuple[int, str], dict[str, str]] = {}
    for one in metrics["series"]:
        if one["points"]:
            pod = latest.setdefault((one["rank"], one["pod"]), {})
            pod[one["metric"]] = _amount(one["points"][-1][1], one["unit"])
    known = [metric for metric in _HEADINGS if any(metric in pod for pod in latest.values())]
    rows = [
        (str(rank), name, *(pod.get(metric, "") for metric in known))
        for (rank, name), pod in sorted(latest.items())
    ]
    return Table(("RANK", "POD", *(_HEADINGS[metric] for metric in known)), rows)


def _amount(value: float, unit: str) -> str:
    if unit == "cores":
        return f"{round(value * 1000)}m"
    if unit == "percent":
        return f"{round(value)}%"
    return describe_memory(round(value)) + unit.removeprefix("bytes")
