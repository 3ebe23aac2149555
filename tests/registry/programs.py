"""Programs of others that read and write images: skopeo and buildah."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest


def skopeo(*arguments: str) -> str:
    """What it prints; it must succeed."""
    return _run("skopeo", "--insecure-policy", *arguments)


def buildah(folder: Path, *arguments: str) -> str:
    """What it prints, with images kept below `folder`; it must succeed."""
    places = ["--root", str(folder / "root"), "--runroot", str(folder / "run")]
    return _run("buildah", *places, "--storage-driver", "vfs", *arguments)


def _run(program: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: run tests/install_debian.sh build/debian")
    environment = {**os.environ, "XDG_RUNTIME_DIR": _own_folder()}
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 0, f"{program} {' '.join(arguments)}: {done.stderr}"
    return done.stdout


@functools.cache
def _own_folder() -> str:
    """Where they look for passwords; else that is a folder that root may have closed to others."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
