"""What the command prints."""

from __future__ import annotations

import json
import sys
from typing import Any

from jupyter_trainhub.hub.descriptions import describe_instance, describe_job, text
from jupyter_trainhub.hub.runs.descriptions import describe_run
from jupyter_trainhub.hub.tables import (
    Table,
    catalogue_table,
    events_table,
    instances_table,
    jobs_table,
    nodes_table,
    runs_table,
    signals_table,
    stored_images_table,
    tensorboards_table,
    transfers_table,
    volumes_table,
)
from jupyter_trainhub.hub.views import View, Views

_DESCRIPTIONS = {"instances": describe_instance, "jobs": describe_job, "runs": describe_run}
_TABLES = {
    "events": events_table,
    "images": catalogue_table,
    "instances": instances_table,
    "jobs": jobs_table,
    "nodes": nodes_table,
    "runs": runs_table,
    "stored images": stored_images_table,
    "tensorboards": tensorboards_table,
    "transfers": transfers_table,
    "volumes": volumes_table,
}


def print_json(document: Any) -> None:
    """``document`` as indented JSON."""
    print(json.dumps(document, indent=2))


def print_views(kind: str, views: Views, output: str, *, one: bool = False) -> None:
    """Objects as a table or JSON; with ``one`` the JSON is that of the only object itself."""
    if output == "json":
        print_json(views[0] if one else {"items": views})
    elif views:
        print(_TABLES[kind](views).text())
    else:
        print(f"There are no {kind}.", file=sys.stderr)


def describe(kind: str, view: View) -> None:
    """What there is to say of one object below its row."""
    lines = _DESCRIPTIONS[kind](view) if kind in _DESCRIPTIONS else []
    if lines:
        print(f"\n{text(lines)}")
    if view.get("idle"):
        print(f"\n{view['idle']['message']}")
        if view["idle"]["signals"]:
            print(signals_table(view["idle"]).text())


def print_facts(facts: dict[str, Any], output: str) -> None:
    """Names and values, one a row."""
    if output == "json":
        print_json(facts)
        return
    rows = [(name, "" if value is None else str(value)) for name, value in facts.items()]
    print(Table(("NAME", "VALUE"), rows).text())
