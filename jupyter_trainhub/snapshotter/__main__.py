"""`python -m jupyter_trainhub.snapshotter`: saves what a container on this node has changed.

It sends ONE layer to a registry, and gives nothing a name there. Standard output has a JSON object
a line: `{"measured": {files, bytes, deleted, secrets, warnings}}`, then `{"sent": bytes}`, and
`{"files", "bytes", "path"}` on standard error; last `{"done": {"layer": {mediaType, digest, size,
diff_id}, files, bytes, deleted, …}}`, or `{"error": {message, remedy, reason}}` and exit status 1,
or 3 where the container cannot be read from outside. The facts of the last line, without lists of
paths, are also the pod's termination message.

It needs the node's processes (hostPID), to be root, and CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH and
CAP_SYS_ADMIN (attributes trusted.*, in which overlays note what was deleted).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, cast

from jupyter_trainhub.inpod.rootfs_diff.opening import DEEPEST
from jupyter_trainhub.registry import reference
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.layer import Compression
from jupyter_trainhub.registry.options import add_registry, repository

from .container import find, gone
from .failures import ReadingError, Unsupported
from .stream import LayerStream, Sink
from .union import Union, UnionLayer, UnionMeasurement

UNSUPPORTED = 3  # exit status
_SYS_ADMIN = 21  # its bit in capability sets, linux/capability.h
_SECONDS = 0.5  # between two lines about what was sent
_MOST = 200  # paths of one kind that are told


def main(arguments: list[str] | None = None) -> int:
    """Run the program; its exit status."""
    options = _parser().parse_args(arguments)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.setrecursionlimit(3 * DEEPEST)
    try:
        _end(options.termination_log, "done", _save(options))
        return 0
    except (ReadingError, RegistryError) as error:
        told = {"message": error.message, "remedy": error.remedy, "reason": error.reason}
        _end(options.termination_log, "error", told)
        return UNSUPPORTED if isinstance(error, Unsupported) else 1
    except (ValueError, OSError) as error:
        told = {"message": str(error), "remedy": "Look at the node.", "reason": "Failed"}
        _end(options.termination_log, "error", told)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jupyter_trainhub.snapshotter")
    parser.add_argument("--container-id", required=True, help="as its runtime calls it")
    parser.add_argument("--target", required=True, help="repository that gets the layer")
    parser.add_argument("--layers", required=True, type=int, help="how many the image has")
    parser.add_argument("--keep", required=True, type=int, help="how many of them stay below")
    parser.add_argument("--compression", choices=("zstd", "gzip"), default="zstd")
    parser.add_argument("--max-bytes", type=int, default=0, help="of the changes; 0: any number")
    parser.add_argument("--choice", type=Path, help="JSON: what is left out, as rootfs_diff has it")
    parser.add_argument("--termination-log", type=Path, default=Path("/dev/termination-log"))
    add_registry(parser, "to")
    return parser


def _save(options: argparse.Namespace) -> dict[str, Any]:
    """Save it; what there is to tell at the end."""
    _require_privileges()
    choice = json.loads(options.choice.read_bytes()) if options.choice else {}
    target = repository(reference.parse(options.target), options, "to")
    container = find(options.container_id)
    with container.open(options.layers) as (upper, lowers):
        above = options.layers - options.keep
        if above and lowers is None:
            raise Unsupported("its root is not made of a folder for each layer of its image")
        earlier = (lowers or [])[:above]
        where = (container, [upper, *earlier], None if lowers is None else lowers[above:])
        measured = UnionMeasurement(choice, *where)
        measured.run()
        _require_leave(measured, choice, options.max_bytes)

        def read(sink: Sink) -> dict[str, Any]:
            layer = UnionLayer(choice, *where, sink=sink)
            layer.run()
            # The runtime removes the files of a container that has ended.
            if find(options.container_id).pid != container.pid:
                raise gone(options.container_id)
            return layer.end()

        stream = LayerStream(read, cast("Compression", options.compression))
        _send(stream, target)
    told = {
        name: value[:_MOST] if isinstance(value, list) else value
        for name, value in stream.told.items()
    }
    return {"layer": stream.descriptor(), **told}


def _require_leave(measured: Union, choice: dict[str, Any], most: int) -> None:
    """Tell what was measured, and raise ReadingError where that is not to be saved."""
    told = {"files": measured.files, "bytes": measured.bytes, "deleted": measured.deleted}
    secrets, warnings = measured.found_secrets[:_MOST], measured.warnings
    _print({"measured": {**told, "secrets": secrets, "warnings": warnings}})
    if choice.get("secrets") == "report" and secrets:
        raise ReadingError(
            f"there are passwords or keys in it, such as {secrets[0]['path']}",
            remedy="Choose whether they are left out or saved.",
            reason="SecretsFound",
        )
    if most and measured.bytes > most:
        raise ReadingError(
            f"the changes have {measured.bytes >> 20} MiB, and {most >> 20} MiB may be saved here",
            remedy="Leave folders out, or move data to a storage.",
            reason="SnapshotTooLarge",
        )


def _send(stream: LayerStream, target: Repository) -> None:
    said = time.monotonic()

    def progress(_what: str, done: int, _size: int) -> None:
        nonlocal said
        if time.monotonic() - said >= _SECONDS:
            said = time.monotonic()
            _print({"sent": done})

    try:
        target.upload(stream, progress=progress)
    finally:
        stream.close()


def _require_privileges() -> None:
    status = Path("/proc/self/status").read_text()
    effective = int(status.split("CapEff:", 1)[1].split()[0], 16)
    if not effective >> _SYS_ADMIN & 1:
        raise Unsupported(
            "its node gives the Job no CAP_SYS_ADMIN, which shows what was deleted in an overlay"
        )


def _end(termination_log: Path, key: str, told: dict[str, Any]) -> None:
    _print({key: told})
    short = {name: value for name, value in told.items() if not isinstance(value, list)}
    with contextlib.suppress(OSError):
        termination_log.write_text(json.dumps({key: short}))


def _print(line: dict[str, Any]) -> None:
    # Whole lines, beside those of other threads.
    os.write(1, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
