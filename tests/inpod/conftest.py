"""Notebooks as the files that a pod gets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.inpod import program
from jupyter_trainhub.notebook.bundle import bundle, plan_notebook
from tests.inpod.pod import Pod, StartPod

Ship = Callable[..., Path]


def run(folder: Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the notebook in ``folder`` from the working folder ``cwd``."""
    return subprocess.run(
        [sys.executable, str(folder / "run_notebook.py")],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """An empty working folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def ship(tmp_path: Path) -> Ship:
    """Puts the launcher and a notebook of these cells into a folder, and returns the folder."""

    def make(*cells: str) -> Path:
        folder = tmp_path / "trainhub"
        folder.mkdir()
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "cells": [
                {"cell_type": "code", "id": f"id{index}", "source": source, "metadata": {}}
                for index, source in enumerate(cells)
            ],
        }
        files = bundle(plan_notebook(notebook, name="train.ipynb")).files
        for name, content in {**files, "launch.py": program("launch.py")}.items():
            (folder / name).write_bytes(content)
        return folder

    return make


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The launcher as the one file that is shipped."""
    path = tmp_path_factory.mktemp("launcher") / "launch.py"
    path.write_bytes(program("launch.py"))
    return path


@pytest.fixture
def start(tmp_path: Path, launcher: Path) -> Iterator[StartPod]:
    """Starts launchers that do not outlive the test."""
    pods: list[Pod] = []

    def launch_pod(*argv: str, **env: str) -> Pod:
        folder = tmp_path / f"pod-{len(pods)}"
        folder.mkdir()
        pods.append(Pod(launcher, folder, list(argv), env))
        return pods[-1]

    yield launch_pod
    for pod in pods:
        if pod.process.poll() is None:
            pod.process.kill()
        pod.process.communicate()
