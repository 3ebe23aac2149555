"""Volumes of jobs: `files`, `download` and `resize`."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.cli import output
from jupyter_trainhub.errors import InvalidField

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

_VOLUME = "CLAIM|job/NAME:ROLE"
_DRAW_SECONDS = 0.2


def add_parsers(commands: Any, where: ArgumentParser, form: ArgumentParser) -> None:
    """Add the commands; ``where`` names a cluster, ``form`` says how answers are printed."""
    files = commands.add_parser(
        "files", parents=[where, form], help="list a folder of a job's volume"
    )
    files.add_argument("volume", metavar=_VOLUME, help="such as job/mnist:model")
    files.add_argument("path", nargs="?", default="", help="the folder; default: the volume's root")
    download = commands.add_parser(
        "download", parents=[where], help="copy a file, or a folder as a tar file, from a volume"
    )
    download.add_argument("volume", metavar=_VOLUME, help="such as job/mnist:model")
    download.add_argument("path", nargs="?", default="", help="default: all of it")
    download.add_argument(
        "destination", nargs="?", type=Path, default=Path(), metavar="DEST",
        help="a folder, or the file's new name; default: this folder",
    )  # fmt: skip
    download.add_argument(
        "--resume", action="store_true", help="go on with a download that was cut off"
    )
    resize = commands.add_parser("resize", parents=[where], help="make a volume larger")
    resize.add_argument("kind", choices=("volume",))
    resize.add_argument("name", metavar=_VOLUME)
    resize.add_argument("size", help="such as 20Gi")


def files(options: Namespace) -> int:
    """``trainhub files``."""
    from jupyter_trainhub.hub.tables import files_table
    from jupyter_trainhub.hub.volumes.download import blocking

    hub = _connect(options)
    claim, path = _place(hub, options)
    found = blocking(hub.volumes.files.list(claim, path))
    if options.output == "json":
        output.print_json(found)
        return 0
    if found["type"] != "directory":
        raise InvalidField(
            f"{path!r} is a file", field="path", remedy="Get it with 'trainhub download'."
        )
    if found["items"]:
        print(files_table(found["items"]).text())
    if found["truncated"]:
        print(f"These are the first {len(found['items'])} only.", file=sys.stderr)
    return 0


def download(options: Namespace) -> int:
    """``trainhub download``."""
    from jupyter_trainhub.hub.volumes.download import download as fetch

    hub = _connect(options)
    claim, path = _place(hub, options)
    meter = _Meter()
    came = fetch(
        hub.volumes.files, claim, path, options.destination, resume=options.resume, report=meter
    )
    meter.end()
    print(os.fsencode(came).decode(errors="replace"))
    return 0


def delete(hub: Hub, name: str) -> None:
    """``trainhub delete volume``."""
    from jupyter_trainhub.hub.volumes.naming import claim_and_path

    hub.volumes.delete(claim_and_path(hub, name)[0])


def resize(options: Namespace) -> int:
    """``trainhub resize``."""
    from jupyter_trainhub.hub.volumes.naming import claim_and_path
    from jupyter_trainhub.specs.quantity import parse_memory

    try:
        size = parse_memory(options.size)
    except ValueError as error:
        raise InvalidField(str(error), field="size", remedy="Give a size such as 20Gi.") from None
    hub = _connect(options)
    claim, _ = claim_and_path(hub, options.name)
    view = hub.volumes.resize(claim, size)
    print(f"volume {claim}: {view['message'] or 'it has this size now'}")
    return 0


class _Meter:
    """A line on a terminal that tells how much has come."""

    def __init__(self) -> None:
        self._drawn = 0.0
        self._begun = time.monotonic()
        self._first: int | None = None

    def __call__(self, done: int, total: int | None) -> None:
        from jupyter_trainhub.specs.quantity import describe_memory

        now = time.monotonic()
        self._first = done if self._first is None else self._first
        if not sys.stderr.isatty() or now - self._drawn < _DRAW_SECONDS:
            return
        self._drawn = now
        rate = (done - self._first) / max(now - self._begun, _DRAW_SECONDS)
        of = f" of {describe_memory(total)}" if total is not None else ""
        line = f"{describe_memory(done)}{of}, {describe_memory(rate)}/s"
        print(f"\r{line.ljust(60)}", end="", file=sys.stderr)

    def end(self) -> None:
        """Go to the next line."""
        if self._drawn:
            print(file=sys.stderr)


def _place(hub: Hub, options: Namespace) -> tuple[str, str]:
    from jupyter_trainhub.hub.volumes.naming import claim_and_path

    claim, path = claim_and_path(hub, options.volume)
    return claim, "/".join(part for part in (path, options.path) if part)


def _connect(options: Namespace) -> Hub:
    from jupyter_trainhub.cli.commands import connect

    return connect(options)
