"""Which records are given up by the site's policy."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.runs.record import is_over
from jupyter_trainhub.hub.runs.store import RunStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """What of a record decides whether it is kept; ``finished`` is None while it is not over."""

    run: str
    finished: datetime | None
    pinned: bool


def to_give_up(records: Sequence[Kept], keep: int, days: int, at: datetime) -> list[str]:
    """The runs beyond the newest ``keep``, and those that ended more than ``days`` ago; 0: none.

    Pinned ones and those that are not over stay, and do not count.
    """
    ended = [(kept.finished, kept.run) for kept in records if kept.finished and not kept.pinned]
    newest = sorted(ended, reverse=True)
    too_many = newest[keep:] if keep else []
    too_old = [item for item in newest if days and at - item[0] > timedelta(days=days)]
    return sorted({run for _, run in (*too_many, *too_old)})


def prune(store: RunStore, user: str, keep: int, days: int) -> None:
    """Delete the records of ``user`` that the policy gives up; one in use waits for next time."""
    if not keep and not days:
        return
    folders = {folder.run: folder for folder in store.folders()}
    found = []
    for folder in folders.values():
        record = store.record(folder)
        if record is not None and record.get("owner") == user:
            over = is_over(record)
            ended = record.get("finished") or record.get("created")
            pinned = folder.pinned or bool(record.get("pinned"))
            found.append(Kept(folder.run, _moment(ended) if over else None, pinned))
    for run in to_give_up(found, keep, days, datetime.now(timezone.utc)):
        try:
            store.delete(folders[run])
        except (TrainHubError, OSError) as error:
            _log.info("the record of %s stays: %s", run, error)


def _moment(text: str | None) -> datetime:
    try:
        return datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return datetime.now(timezone.utc)
