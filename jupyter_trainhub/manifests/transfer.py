"""A long action on images, such as saving an instance as one, and its record in a ConfigMap. Pure.

The record outlives the process that does the work: any server shows it, cancels it by an
annotation, and takes it over once the process is gone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from jupyter_trainhub.manifests.activity import parse_time, time_text
from jupyter_trainhub.manifests.labels import DOMAIN, NAME, Object, label_value, labels, name_label

INSTANCE = f"{DOMAIN}/instance"
# Set by whoever wants the transfer to end, to the name of that user.
CANCEL = f"{DOMAIN}/cancel"

ENDED = ("Succeeded", "Failed", "Cancelled")
PHASES = ("Pending", "Running", *ENDED)

# Seconds between two signs of life at the least, and after how many the process counts as gone.
BEAT_SECONDS = 10.0
GONE_SECONDS = 30.0

# A ConfigMap holds a MiB; a list of what was left out need not be complete.
LONGEST_LIST = 200

_KEY = "transfer"
_NOTHING_YET: Object = {
    "files": None,
    "total_files": None,
    "bytes": 0,
    "total_bytes": None,
    "sent": 0,
    "path": None,
}


@dataclass(frozen=True)
class Transfer:
    """A transfer as it stands. Sizes are bytes, times as Kubernetes writes them.

    ``spec`` says what is to be done, and ``state`` what an attempt leaves to the next one; with
    ``server``, the process that does it, and ``heartbeat``, its last sign of life, they are in the
    record only.
    """

    id: str
    type: str
    title: str
    owner: str
    started: str
    instance: str | None = None
    image: str | None = None
    source: str | None = None
    engine: str | None = None
    phase: str = "Pending"
    step: str | None = None
    message: str | None = None
    remedy: str | None = None
    progress: Object = field(default_factory=lambda: dict(_NOTHING_YET))
    finished: str | None = None
    resumable: bool = False
    result: Object | None = None
    spec: Object = field(default_factory=dict)
    state: Object = field(default_factory=dict)
    server: str = ""
    heartbeat: str = ""

    @property
    def ended(self) -> bool:
        """Whether nobody works on it any more."""
        return self.phase in ENDED

    @property
    def tells_all(self) -> bool:
        """Whether another attempt would do what people are told, and no more.

        Whoever may write ConfigMaps may have written the record.
        """
        wanted = (self.spec.get("image"), self.spec.get("source", self.spec.get("path")))
        told = (self.image, self.source)
        return all(one in (None, two) for one, two in zip(wanted, told, strict=True))

    def progressed(self, **facts: Any) -> Transfer:
        """The same with these facts of its progress."""
        return replace(self, progress={**self.progress, **facts})

    def again(self, now: str, server: str) -> Transfer:
        """The transfer at the begin of another attempt, by ``server``."""
        return replace(
            self,
            phase="Pending",
            step=None,
            message=None,
            remedy=None,
            progress=dict(_NOTHING_YET),
            started=now,
            finished=None,
            resumable=False,
            result=None,
            server=server,
            heartbeat=now,
        )

    def abandoned(self) -> Transfer:
        """The transfer whose process has gone without a word."""
        return replace(
            self,
            phase="Failed",
            message="the server that did it went away",
            remedy="Try again: what is at the registry already is not sent twice.",
            finished=self.heartbeat,
            resumable=True,
        )

    def is_silent(self, now: datetime) -> bool:
        """Whether its process has given no sign of life for too long.

        A clock that is ahead of ``now`` makes nobody silent.
        """
        heard = parse_time(self.heartbeat, None)
        return heard is None or (now - heard).total_seconds() > GONE_SECONDS

    def view(self) -> Object:
        """The transfer as REST shows it."""
        shown = asdict(self)
        for hidden in ("spec", "state", "server", "heartbeat"):
            del shown[hidden]
        return {"kind": "transfer", **shown}


def object_name(id_: str) -> str:
    """The name of a transfer's ConfigMap."""
    return f"transfer-{id_}"


def config_map(transfer: Transfer) -> Object:
    """The ConfigMap that holds the record of ``transfer``."""
    its_labels = labels("transfer", transfer.id, transfer.owner)
    if transfer.instance is not None:
        its_labels[INSTANCE] = name_label("instance", transfer.instance)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": object_name(transfer.id),
            "labels": its_labels,
        },
        "data": data(transfer),
    }


def data(transfer: Transfer) -> dict[str, str]:
    """What the ConfigMap holds."""
    return {_KEY: json.dumps(asdict(transfer), ensure_ascii=False, separators=(",", ":"))}


def transfer_of(found: Object) -> Transfer | None:
    """The transfer in a ConfigMap; None where somebody has broken it."""
    try:
        document = json.loads((found.get("data") or {}).get(_KEY, ""))
        known = {name: document[name] for name in _TYPES if name in document}
        fits = all(isinstance(value, _TYPES[name]) for name, value in known.items())
        transfer = Transfer(**known) if fits else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if transfer is None or transfer.phase not in PHASES:
        return None
    # The record is what the label says, whose object it lies in.
    is_own = label_value(transfer.id) == found["metadata"].get("labels", {}).get(NAME)
    return replace(transfer, progress={**_NOTHING_YET, **transfer.progress}) if is_own else None


def cancelled_by(found: Object) -> str | None:
    """Who has asked for the transfer in this ConfigMap to end."""
    who: str | None = (found["metadata"].get("annotations") or {}).get(CANCEL)
    return who


def shortened(listed: list[Any]) -> list[Any]:
    """The beginning of a list, of a length that a record can hold."""
    return listed[:LONGEST_LIST]


def heartbeat(transfer: Transfer, now: datetime) -> Transfer:
    """The same with a sign of life of ``now``."""
    return replace(transfer, heartbeat=time_text(now) or "")


_TEXTS = ("id", "type", "title", "owner", "started", "phase", "server", "heartbeat")
_TYPES: dict[str, Any] = {
    item.name: {
        "progress": dict,
        "spec": dict,
        "state": dict,
        "resumable": bool,
        "result": dict | None,
    }.get(item.name, str if item.name in _TEXTS else str | None)
    for item in fields(Transfer)
}
