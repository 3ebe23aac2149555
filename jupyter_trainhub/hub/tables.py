"""Views as rows of a table, for terminals and notebooks alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from jupyter_trainhub.hub.jobs.progress.words import percent, time_left
from jupyter_trainhub.hub.printable import printable
from jupyter_trainhub.hub.views import View, Views
from jupyter_trainhub.specs.quantity import describe_memory


@dataclass(frozen=True)
class Table:
    """Rows of texts below their headings."""

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def text(self) -> str:
        """The table with aligned columns, three spaces apart as kubectl has them."""
        lines = [self.headings, *([_cell(text) for text in row] for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.headings))]
        return "\n".join(
            "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )


def _cell(text: str) -> str:
    return printable(" ".join(text.splitlines()))


def jobs_table(views: Views) -> Table:
    """Jobs, one a row."""
    rows = [
        (
            f"{view['name']}{' (pinned)' if view['pinned'] else ''}",
            _phase(view),
            percent(view["progress"]),
            time_left(view["progress"]),
            view["framework"],
            str(view["nodes"]),
            view["project"] or "",
            view["owner"],
            age(view["created"]),
            view["message"] or "",
        )
        for view in views
    ]
    headings = ("NAME", "PHASE", "PROGRESS", "LEFT", "FRAMEWORK", "NODES", "PROJECT", "OWNER",
                "AGE", "MESSAGE")  # fmt: skip
    return Table(headings, rows)


def _phase(view: View) -> str:
    """The phase of a job, and which attempt it is where there may be several."""
    if view["attempts"] == 1:
        return str(view["phase"])
    return f"{view['phase']} ({view['attempt']}/{view['attempts']})"


def runs_table(views: Views) -> Table:
    """Records of runs, one a row."""
    rows = [
        (
            view["run"],
            view["phase"] or "",
            ((view["git"] or {}).get("commit") or "")[:10],
            age(view["created"]),
            describe_memory(view["size"]),
            "yes" if view["pinned"] else "",
            view["problem"] or view["message"] or "",
        )
        for view in views
    ]
    return Table(("RUN", "PHASE", "COMMIT", "AGE", "SIZE", "PINNED", "MESSAGE"), rows)


def events_table(views: Views) -> Table:
    """Events, one a row, as they happened."""
    rows = [
        (
            age(view["time"]),
            view["type"],
            view["reason"],
            view["object"],
            # Programs print many lines into some; the last says what came of it.
            view["message"].strip().rpartition("\n")[2],
        )
        for view in views
    ]
    return Table(("AGE", "TYPE", "REASON", "OBJECT", "MESSAGE"), rows)


def catalogue_table(views: Views) -> Table:
    """Images that instances and jobs can be made of, one a row."""
    rows = [
        (
            view["name"],
            view["source"],
            "" if view["size"] is None else describe_memory(view["size"]),
            view["base"] or "",
            view["owner"] or "",
            age(view["created"]),
            view["note"]
            or view["message"]
            or (view["title"] if view["source"] == "official" else ""),
        )
        for view in views
    ]
    return Table(("NAME", "SOURCE", "SIZE", "BASE", "OWNER", "AGE", "NOTE"), rows)


def transfers_table(views: Views) -> Table:
    """Long actions on images, one a row."""
    rows = [
        (
            view["id"],
            view["type"],
            view["phase"],
            view["image"] or "",
            describe_memory(view["progress"]["bytes"]),
            age(view["started"]),
            view["message"] or "",
        )
        for view in views
    ]
    return Table(("ID", "TYPE", "PHASE", "IMAGE", "BYTES", "AGE", "MESSAGE"), rows)


def volumes_table(views: Views) -> Table:
    """Volumes of jobs, one a row."""
    rows = [
        (
            view["claim"],
            view["role"] or "",
            view["job"] or "",
            view["phase"],
            describe_memory(view["capacity"] or view["size"]),
            ", ".join(view["used_by"]),
            age(view["created"]),
            view["message"] or "",
        )
        for view in views
    ]
    headings = ("CLAIM", "ROLE", "JOB", "PHASE", "SIZE", "USED BY", "AGE", "MESSAGE")
    return Table(headings, rows)


def files_table(items: Views) -> Table:
    """Files and folders of a volume, one a row."""
    rows = [
        (
            "" if item["size"] is None else describe_memory(item["size"]),
            item["modified"],
            # Bytes that are no UTF-8 cannot be printed.
            item["name"].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            + {"directory": "/", "link": "@"}.get(item["type"], ""),
        )
        for item in items
    ]
    return Table(("SIZE", "MODIFIED", "NAME"), rows)


def stored_images_table(views: Views) -> Table:
    """Images of the embedded cluster, a row for each name."""
    rows = [
        (name, view["id"][7:19], describe_memory(view["size"]))
        for view in views
        for name in view["names"]
    ]
    return Table(("NAME", "ID", "SIZE"), rows)


def instances_table(views: Views) -> Table:
    """Instances, one a row."""
    rows = [
        (
            view["name"],
            view["phase"],
            f"{view['cpus']:g}",
            describe_memory(view["memory"]),
            str(view["gpus"]),
            view["node"] or "",
            age(view["created"]),
            view["message"] or "",
        )
        for view in views
    ]
    headings = ("NAME", "PHASE", "CPUS", "MEMORY", "GPUS", "NODE", "AGE", "MESSAGE")
    return Table(headings, rows)


def idle_table(views: Views) -> Table:
    """Instances and whether they are in use, one a row."""
    rows = [
        (
            view["name"],
            view["owner"],
            str(view["gpus"]),
            view["idle"]["state"],
            left(view["idle"]["stops_at"]),
            view["idle"]["message"],
        )
        for view in views
    ]
    return Table(("NAME", "OWNER", "GPUS", "STATE", "STOPS IN", "MESSAGE"), rows)


def signals_table(idle: View) -> Table:
    """The signals of an instance, one a row."""
    rows = [
        (signal["name"], signal["state"], age(signal["at"]), signal["detail"] or "")
        for signal in idle["signals"]
    ]
    return Table(("SIGNAL", "STATE", "LAST SEEN", "DETAIL"), rows)


def nodes_table(views: Views) -> Table:
    """Nodes, one a row, with what is requested of what each offers."""
    rows = [
        (
            view["name"],
            "Ready" if view["ready"] else "NotReady",
            f"{view['cpu']['requested']:g}/{view['cpu']['allocatable']:g}",
            f"{describe_memory(view['memory']['requested'])}/"
            f"{describe_memory(view['memory']['allocatable'])}",
            f"{view['gpu']['requested']}/{view['gpu']['allocatable']}",
            view["gpu"]["model"] or "",
            str(len(view["pods"])),
        )
        for view in views
    ]
    return Table(("NAME", "STATUS", "CPUS", "MEMORY", "GPUS", "GPU MODEL", "PODS"), rows)


def tensorboards_table(views: Views) -> Table:
    """TensorBoards, one a row."""
    rows = [
        (
            view["id"],
            view["name"],
            view["where"],
            view["phase"],
            _used(view["memory"]),
            ", ".join(view["folders"]),
            age(view["started"]),
            view["message"],
        )
        for view in views
    ]
    headings = ("ID", "NAME", "WHERE", "PHASE", "MEMORY", "FOLDERS", "AGE", "MESSAGE")
    return Table(headings, rows)


def _used(memory: dict[str, int | None]) -> str:
    """What it holds, and of how much: ``120.5Mi/4Gi``."""
    used, limit = memory["used"], memory["limit"]
    shown = "" if used is None else describe_memory(used)
    return f"{shown}/{describe_memory(limit)}" if shown and limit else shown


def left(until: str | None, now: datetime | None = None) -> str:
    """The time until an RFC 3339 moment, in minutes; empty without one."""
    if not until:
        return ""
    end = datetime.fromisoformat(until.replace("Z", "+00:00"))
    seconds = (end - (now or datetime.now(timezone.utc))).total_seconds()
    return f"{max(0, round(seconds / 60))}m"


def age(since: str | None, now: datetime | None = None) -> str:
    """The time since an RFC 3339 moment, in kubectl's manner: ``45s``, ``3m``, ``2h``, ``5d``."""
    if not since:
        return ""
    begun = datetime.fromisoformat(since.replace("Z", "+00:00"))
    seconds = max(0, int(((now or datetime.now(timezone.utc)) - begun).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
