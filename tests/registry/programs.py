"""Programs of others that read and write images: skopeo and buildah."""

from __future__ import annotations

import shutil
import subprocess
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
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{program} {' '.join(arguments)}: {done.stderr}"
    return done.stdout
