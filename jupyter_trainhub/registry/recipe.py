"""A Dockerfile that does again what a layer did, with the files that it needs. Pure."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from . import dockerfile, reference
from .changes import Amount, Changes
from .requirements import requirements

_APT_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_APT_VERSION = re.compile(r"[A-Za-z0-9.+:~-]+")
_CONDA_WORD = re.compile(r"[A-Za-z0-9_.+!-]+")
_USER = re.compile(r"[\w.-]+(:[\w.-]+)?", re.ASCII)

_PER_STEP = 50  # paths that one step deletes
_MOST_DELETED = 1000
# What is there for the moment only: nobody misses it in the next image.
_PASSING = ("/tmp/", "/var/tmp/", "/run/", "/var/log/", "/var/cache/", "/root/.cache/")

Package = dict[str, Any]


def recipe(changes: Changes, base: str, user: str = "") -> dict[str, Any]:
    """`Dockerfile`, `requirements.txt` and `environment.yml` (empty where none), and `notes`.

    `user` is whom the base runs as, where that is not root. Packages of pip and conda are pinned to
    the versions that were saved. Those of apt are only where they were held: Debian's archives keep
    no old versions, and the file could not be built a month later.

    Raises:
        reference.InvalidReference: `base` is no name of an image.
    """
    if base != "scratch":
        reference.parse(base)
    packages = changes["packages"]
    notes: list[str] = []
    sources = [entry for entry in changes["rest"] if _is_below(entry["path"], "/etc/apt")]
    pip = requirements(packages["pip"], changes["environments"], notes)
    environment = _environment(packages["conda"])
    steps = [
        *_emptied(changes, notes),
        *_copies(sources, "Sources of packages: copy them before apt-get runs."),
        *_apt(packages["apt"], notes),
        *_conda(packages["conda"], environment),
        *pip.steps,
        *_deleted(changes, notes),
        *_copies(
            [entry for entry in changes["rest"] if entry not in sources],
            "Files that no package explains: put those that matter beside this file.",
        ),
    ]
    lines = ["# What a saved instance changed of its base, done anew.", f"FROM {base}", *steps]
    if _USER.fullmatch(user) and user not in ("root", "0"):
        lines = [*lines[:2], "USER root", *steps, f"USER {user}"]
    return {
        "Dockerfile": "\n".join(lines) + "\n",
        "requirements.txt": pip.text,
        "environment.yml": environment,
        "notes": notes,
    }


def _apt(packages: Iterable[Package], notes: list[str]) -> Iterator[str]:
    known = [package for package in packages if _APT_NAME.fullmatch(package["name"])]
    wanted, automatic = [], []
    for package in known:
        name, version = package["name"], package["version"]
        if package["change"] == "removed" or not _APT_VERSION.fullmatch(version):
            continue
        # What others need comes by itself, but for what was there and is newer now.
        if package["manual"] or package["recommended"] or package["change"] == "changed":
            wanted.append(f"{name}={version}" if package["held"] else name)
            automatic += [] if package["manual"] else [name]
            if package["held"]:
                notes.append(f"{name} was held, and is pinned to {version}.")
    if wanted:
        names = {name.partition("=")[0] for name in wanted}
        found = [f"{entry['name']} {entry['version']}" for entry in known if entry["name"] in names]
        yield from _comment(f"Saved were {', '.join(found)}")
        yield "RUN export DEBIAN_FRONTEND=noninteractive \\"
        yield " && apt-get update \\"
        yield " && apt-get install -y --no-install-recommends \\"
        yield from (f"    {name} \\" for name in wanted)
        if automatic:
            yield f" && apt-mark auto {' '.join(automatic)} \\"
        yield " && rm -rf /var/lib/apt/lists/*"
    if removed := [package["name"] for package in known if package["change"] == "removed"]:
        yield dockerfile.run("apt-get", "remove", "-y", *removed)


def _comment(text: str) -> list[str]:
    start = "# "
    return textwrap.wrap(
        text,
        100,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _environment(packages: Iterable[Package]) -> str:
    """Of the environment with most packages."""
    wanted = [package for package in packages if package["change"] != "removed"]
    if not (prefix := _main_prefix(wanted)):
        return ""
    chosen = [package for package in wanted if package["prefix"] == prefix]
    channels = dict.fromkeys(package["channel"] or "defaults" for package in chosen)
    return "\n".join(
        [
            "channels:",
            *(f"  - {json.dumps(channel)}" for channel in channels),
            "dependencies:",
            *(f"  - {word}" for package in chosen for word in _conda_words(package)),
            "",
        ]
    )


def _conda(packages: Iterable[Package], environment: str) -> Iterator[str]:
    main = _main_prefix([package for package in packages if package["change"] != "removed"])
    if environment:
        yield 'COPY ["environment.yml", "/tmp/environment.yml"]'
        update = ("conda", "env", "update", "--prefix", f"/{main}")
        yield dockerfile.run(*update, "--file", "/tmp/environment.yml")
    for prefix in sorted({package["prefix"] for package in packages}):
        own = [package for package in packages if package["prefix"] == prefix]
        where = ("-y", "--prefix", f"/{prefix}")
        wanted = [package for package in own if package["change"] != "removed"]
        if wanted and prefix != main:
            channels = dict.fromkeys(package["channel"] or "defaults" for package in wanted)
            options = [word for channel in channels for word in ("--channel", channel)]
            words = [word for package in wanted for word in _conda_words(package)]
            yield dockerfile.run("conda", "install", *where, *options, *words)
        removed = [package["name"] for package in own if package["change"] == "removed"]
        if removed := [name for name in removed if _CONDA_WORD.fullmatch(name)]:
            yield dockerfile.run("conda", "remove", *where, *removed)


def _main_prefix(packages: list[Package]) -> str:
    prefixes = [package["prefix"] for package in packages]
    return max(sorted(set(prefixes)), key=prefixes.count, default="")


def _conda_words(package: Package) -> list[str]:
    parts = [part for key in ("name", "version", "build") if (part := package[key])]
    return ["=".join(parts)] if all(map(_CONDA_WORD.fullmatch, parts)) else []


def _emptied(changes: Changes, notes: list[str]) -> Iterator[str]:
    # Before anything is put in there.
    for path in _paths(set(changes["emptied"]) & set(changes["unexplained"]), notes):
        yield dockerfile.run("find", path, "-mindepth", "1", "-delete")


def _deleted(changes: Changes, notes: list[str]) -> Iterator[str]:
    # After all is installed, which may bring it back.
    paths = _paths(set(changes["deleted"]) & set(changes["unexplained"]), notes)
    for start in range(0, len(paths), _PER_STEP):
        yield dockerfile.run("rm", "-rf", "--", *paths[start : start + _PER_STEP])


def _paths(paths: Iterable[str], notes: list[str]) -> list[str]:
    chosen = [path for path in sorted(paths) if path != "/" and not path.startswith(_PASSING)]
    if len(chosen) > _MOST_DELETED:
        notes.append(f"{len(chosen)} paths were deleted; the first {_MOST_DELETED} are here.")
    written = []
    for path in chosen[:_MOST_DELETED]:
        try:
            path.encode()
            written.append(path)
        except UnicodeEncodeError:
            notes.append(f"{json.dumps(path)} was deleted; its name is no text: delete it by hand.")
    return written


def _copies(folders: list[Amount], title: str) -> Iterator[str]:
    told = [entry for entry in folders if not f"{entry['path']}/".startswith(_PASSING)]
    if told:
        yield f"# {title}"
    for entry in told:
        path = entry["path"].encode("utf-8", "replace").decode().rstrip("/")
        files = "1 file" if entry["files"] == 1 else f"{entry['files']} files"
        yield f"# {files}, {entry['bytes'] / 1e6:.1f} MB:"
        yield f"# {dockerfile.copy(f'{path[1:]}/', f'{path}/')}"


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
