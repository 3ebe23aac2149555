"""Volumes of jobs: `files`, `download` and `resize`."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.cli import output
from jupyter_trainhub.cli.confirmation import agreed
from jupyter_trainhub.errors import InvalidField

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

_VOLUME = "CLAIM[/PATH]|job/NAME:ROLE[/PATH]"
_DRAW_SECONDS = 0.2


def add_parsers(commands: Any, where: ArgumentParser, form: ArgumentParser) -> None:
    """Add the commands; ``where`` names a cluster, ``form`` says how answers are printed."""
    files = commands.add_parser(
        "files", parents=[where, form], help="list a folder of a job's volume"
    )
    files.add_argument("volume", metavar=_VOLUME, help="such as job/mnist:model")
    files.add_argument("path", nargs="?", help="the folder; default: the volume's root")
    download = commands.add_parser(
        "download", parents=[where], help="copy a file, or a folder as a tar file, from a volume"
    )
    download.add_argument("volume", metavar=_VOLUME, help="such as job/mnist:model")
    download.add_argument("path", nargs="?", help="default: all of it")
    download.add_argument(
        "destination", nargs="?", metavar="DEST",
        help="a folder, or the file's new name; default: this folder",
    )  # fmt: skip
    download.add_argument(
        "--resume", action="store_true", help="go on with a download that was cut off"
    )
    resize = commands.add_parser("resize", parents=[where], help="make a volume larger")
    resize.add_argument("kind", choices=("volume",))
    resize.add_argument("name", metavar="CLAIM|job/NAME:ROLE")
    resize.add_argument("size", help="such as 20Gi")


def files(options: Namespace) -> int:
    """``trainhub files``."""
    from jupyter_trainhub.hub.tables import files_table
    from jupyter_trainhub.hub.volumes.download import blocking

    hub = _connect(options)
    claim, path, _ = _place(hub, options.volume, [options.path])
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
    claim, path, rest = _place(hub, options.volume, [options.path, options.destination])
    meter = _Meter()
    target = Path(rest[0] if rest else ".")
    came = fetch(hub.volumes.files, claim, path, target, resume=options.resume, report=meter)
    meter.end()
    print(os.fsencode(came).decode(errors="replace"))
    return 0


def delete(hub: Hub, name: str, options: Namespace) -> bool:
    """``trainhub delete volume``: whether it was, for it is asked first."""
    from jupyter_trainhub.hub.volumes.naming import claim_and_path

    view = hub.volumes.get(claim_and_path(hub, name)[0])
    job = f" of job {view['job']}" if view["job"] else ""
    if not agreed(options, f"All files in the volume {view['claim']}{job} are lost."):
        return False
    hub.volumes.delete(view["claim"])
    return True


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


def _place(hub: Hub, volume: str, more: list[str | None]) -> tuple[str, str, list[str]]:
    """The claim, the path in it, which may stand in either argument, and what follows them."""
    from jupyter_trainhub.hub.volumes.naming import claim_and_path

    claim, path = claim_and_path(hub, volume)
    rest = [text for text in more if text is not None]
    return (claim, path, rest) if path or not rest else (claim, rest[0], rest[1:])


def _connect(options: Namespace) -> Hub:
    from jupyter_trainhub.cli.commands import connect

    return connect(options)
