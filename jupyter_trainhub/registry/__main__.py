"""`python -m jupyter_trainhub.registry copy SOURCE TARGET`: what a relay job in a cluster runs.

Standard output has a JSON object a line: `{"what", "done", "size"}` as blobs arrive, and last
`{"digest", "size"}`, or `{"error": {"message", "remedy", "reason"}}` and exit status 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from typing import Any

from . import reference
from .client import Repository
from .copying import Platforms, copy
from .failures import RegistryError
from .options import add_registry, repository

_SECONDS = 0.5  # between two lines of one blob


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        source, target = reference.parse(options.source), reference.parse(options.target)
        platforms: Platforms = "all"
        if options.platform != "all":
            system, _, architecture = options.platform.partition("/")
            platforms = (system, architecture)
        there, here = repository(source, options, "from"), repository(target, options, "to")
        if options.new:
            _require_new(there, source.digest or source.tag, here, target.tag)
        lines = _Lines()
        digest = copy(
            there,
            source.digest or source.tag,
            here,
            target.tag,
            platforms=platforms,
            progress=lines,
        )
    except RegistryError as error:
        told = {"message": error.message, "remedy": error.remedy, "reason": error.reason}
        return _failed(**told)
    except (ValueError, OSError) as error:
        return _failed(message=str(error), remedy="Correct the command.", reason="Invalid")
    _print({"digest": digest, "size": lines.size})
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jupyter_trainhub.registry")
    command = parser.add_subparsers(required=True).add_parser("copy", help="copy an image")
    command.add_argument("source", help="name with a tag or a digest")
    command.add_argument("target", help="name with a tag")
    command.add_argument("--platform", default="all", help="all, or as linux/amd64")
    command.add_argument("--new", action="store_true", help="only if nothing has the name yet")
    for side in ("from", "to"):
        add_registry(command, side)
    return parser


def _require_new(source: Repository, asked: str, target: Repository, tag: str) -> None:
    """Raise RegistryError where the name belongs to another image."""
    present, wanted = target.resolve(tag), source.resolve(asked)
    if present is not None and (wanted is None or wanted.digest != present.digest):
        raise RegistryError(
            f"there is an image {target.name}:{tag} already",
            remedy="Choose another tag, or overwrite it.",
        )


class _Lines:
    """Progress as lines, not too many of them."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        self._sizes: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of all blobs."""
        return sum(self._sizes.values())

    def __call__(self, what: str, done: int, size: int) -> None:
        with self._lock:
            self._sizes[what] = size
            now = time.monotonic()
            if done in (0, size) or now - self._told.get(what, 0.0) >= _SECONDS:
                self._told[what] = now
                _print({"what": what, "done": done, "size": size})


def _failed(**told: str) -> int:
    _print({"error": told})
    return 1


def _print(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
