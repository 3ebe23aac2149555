"""What reads the changes of a running instance: one interface for every way to do it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from jupyter_trainhub.errors import ClusterUnavailable
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import CONTAINER

# Where an instance notes what there was when it started.
_STATE = "/trainhub-start"

Secrets = Literal["report", "exclude", "include"]
# Raises where nobody wants the result any more; called twice a second.
Check = Callable[[], None]
# Gets {files, bytes, path} as the reading goes on.
Report = Callable[[Object], None]


def ignore(told: Object) -> None:
    """A report that nobody reads."""


@dataclass(frozen=True)
class Choice:
    """What is left out: globs, those of them that are not, and what becomes of secrets.

    ``count_left_out``: whether a measurement also says how much the globs leave out.
    """

    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    secrets: Secrets = "report"
    secret_paths: tuple[str, ...] = ()
    count_left_out: bool = True

    def line(self, pod: Object) -> bytes:
        """The options of ``inpod/rootfs_diff.py`` in ``pod``, as it reads them."""
        container = next(c for c in pod["spec"]["containers"] if c["name"] == CONTAINER)
        options = {
            "state": _STATE,
            "exclude": self.exclude,
            "include": self.include,
            "secrets": self.secrets,
            "secret_paths": self.secret_paths,
            "count_left_out": self.count_left_out,
            "volumes": [mount["mountPath"] for mount in container.get("volumeMounts") or ()],
        }
        return json.dumps(options).encode() + b"\n"


class Interrupted(ClusterUnavailable):
    """The connection to what reads broke; the instance may be well."""

    default_reason = "ConnectionLost"


class Engine(Protocol):
    """A way to read. Methods block, and raise Interrupted, and Conflict when it cannot be done."""

    name: str

    def measure(
        self, pod: Object, choice: Choice, check: Check = ..., report: Report = ...
    ) -> Object:
        """What would be saved: the measurement without ``instance``, ``image`` and ``base``."""
        ...

    def read(
        self,
        pod: Object,
        choice: Choice,
        sink: Callable[[bytes], None],
        check: Check,
        report: Report,
    ) -> Object:
        """Pass the changes to ``sink`` as a layer's tar; what was left out on the way.

        ``{files, bytes, deleted, changed_while_read, unreadable, excluded, secrets}``, the last
        four as lists.
        """
        ...
