"""Python's packages of a layer as a `requirements.txt`, and as the steps that install them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from . import dockerfile

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")  # PEP 508
_VERSION = re.compile(r"[A-Za-z0-9.!+_-]+")
_URL = re.compile(r"(git|hg|svn|bzr)\+[!-~]+|https?://[!-~]+")
# Builds of PyTorch and its like for one kind of accelerator, which PyPI does not have.
_ACCELERATED = re.compile(r"(cpu|xpu|cu[0-9]+|rocm[0-9.]+)")
_PYTORCH_INDEX = "https://download.pytorch.org/whl/"

_LOCATION = re.compile(
    r"(?P<prefix>.*)/lib(64)?/(?P<python>python[0-9.]+)/(?P<kind>site|dist)-packages"
)

# Debian and others keep pip from their own Python else; where nothing does, it means nothing.
_ALLOWED = "PIP_BREAK_SYSTEM_PACKAGES=1"

Package = Mapping[str, Any]


class Requirements(NamedTuple):
    """`text` is the file's, for the folder with most packages; `steps` are lines of Dockerfiles."""

    text: str
    steps: list[str]


def requirements(
    packages: Iterable[Package], environments: Mapping[str, str], notes: list[str]
) -> Requirements:
    """The requirements of packages as `Changes` has them; what cannot be told goes to `notes`.

    All are pinned, and installed without looking for what they need: that is in the list, or in
    the base.
    """
    folders: dict[str, list[Package]] = {}
    steps = [
        dockerfile.run(
            f"{home}/python3" if home else "python3", "-m", "venv", "--without-pip", path
        )
        for path, home in environments.items()
    ]
    text = ""
    for package in packages:
        folders.setdefault(package["location"], []).append(package)
    for location, found in sorted(folders.items(), key=lambda folder: -len(folder[1])):
        pip, options = _pip(location, environments)
        names = [entry["name"] for entry in found if entry["change"] == "removed"]
        if removed := [name for name in names if _NAME.fullmatch(name)]:
            steps.append(dockerfile.run(*pip, "uninstall", "-y", *removed))
        lines = _lines([entry for entry in found if entry["change"] != "removed"], notes)
        if not any(line and not line.startswith(("#", "--")) for line in lines):
            continue
        install = (*pip, "install", "--no-cache-dir", "--no-deps", *options)
        if not text:
            text = "\n".join(lines) + "\n"
            steps.append('COPY ["requirements.txt", "/tmp/requirements.txt"]')
            steps.append(dockerfile.run(*install, "-r", "/tmp/requirements.txt"))
        else:
            wanted = [word for line in lines if line[:1] != "#" for word in _words(line)]
            steps.append(dockerfile.run(*install, *wanted))
    return Requirements(text, steps)


def _lines(packages: list[Package], notes: list[str]) -> list[str]:
    asked = [_line(entry, notes) for entry in packages if entry.get("requested")]
    others = [_line(entry, notes) for entry in packages if not entry.get("requested")]
    builds = {version.partition("+")[2] for _, version in map(_pin, packages)}
    indexes = [
        f"--extra-index-url {_PYTORCH_INDEX}{build}"
        for build in sorted(builds)
        if _ACCELERATED.fullmatch(build)
    ]
    if asked and others:
        return [*indexes, "# Asked for", *asked, "# What these brought", *others]
    return [*indexes, *asked, *others]


def _line(package: Package, notes: list[str]) -> str:
    name, version = _pin(package)
    url = str(package.get("url", ""))
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
        notes.append(f"A Python package has a name that cannot be written: {json.dumps(name)}.")
        return "# a package with a name that cannot be written"
    if url and _URL.fullmatch(url):
        return f"{name} @ {url}"
    if url:
        way = "-e " if package.get("editable") else ""
        notes.append(
            f"{name} {version} was installed from {json.dumps(url)}. Copy that into the image, and "
            f"add a line '{way}PATH' to requirements.txt."
        )
        return f"# {way}{json.dumps(url)} ({name} {version})"
    build = version.partition("+")[2]
    if build and not _ACCELERATED.fullmatch(build):
        notes.append(f"{name} {version} is no public version: name the index that has it.")
    return f"{name}=={version}"


def _pin(package: Package) -> tuple[str, str]:
    return str(package["name"]), str(package["version"])


def _words(line: str) -> list[str]:
    # Only options are made of several words: a requirement is one.
    return line.split(" ") if line.startswith("--") else [line]


def _pip(location: str, environments: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The command that acts on packages in this folder, and options for installing there."""
    match = _LOCATION.fullmatch(location)
    if match is None:
        return ("env", _ALLOWED, "python3", "-m", "pip"), ("--target", f"/{location}")
    if match["prefix"].endswith("/.local"):
        user = f"PYTHONUSERBASE=/{match['prefix']}"
        return ("env", _ALLOWED, user, match["python"], "-m", "pip"), ("--user",)
    if home := environments.get(f"/{match['prefix']}"):
        python = ("--python", f"/{match['prefix']}/bin/python")
        return ("env", _ALLOWED, f"{home}/{match['python']}", "-m", "pip", *python), ()
    # What Debian calls dist-packages is of its own Python, wherever that lies.
    start = "" if match["kind"] == "dist" else f"/{match['prefix']}/bin/"
    return ("env", _ALLOWED, f"{start}{match['python']}", "-m", "pip"), ()
