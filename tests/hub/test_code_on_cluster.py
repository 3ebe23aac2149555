"""What was submitted is what runs, on a cluster that runs pods: embedded, or a given one."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs import restarts
from jupyter_trainhub.hub.jobs.creation import Creation
from jupyter_trainhub.hub.notebooks import plan_file
from jupyter_trainhub.kube.resources import CONFIG_MAPS, JOBS
from jupyter_trainhub.notebook.bundle import bundle
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import eventually
from tests.hub.own_namespace import hub_of_its_own

pytestmark = pytest.mark.cluster

CELL = """
import os, sys, module
import multiprocessing
from package.inner import value
print("module", module.TEXT, "package", value, "data", open("data.txt").read())
print("table", len(open("table.bin", "rb").read()))
print(multiprocessing.get_context("spawn").Pool(1).map(module.double, [21]))
open("written.txt", "w").close()
sys.exit(os.environ["TRAINHUB_ATTEMPT"] == "1")
"""
MODULE = "TEXT = 'old'\ndef double(x):\n    return x + x\n"


@pytest.fixture
def hub(kubeconfig: Path, image: str, tmp_path: Path) -> Iterator[Hub]:
    """A hub in a namespace of these tests' own."""
    with hub_of_its_own("code", kubeconfig, image, tmp_path / "runs") as made:
        yield made


def write(folder: Path, text: str) -> Path:
    """A notebook with a module, a package and data, all of which say ``text``."""
    cell = {"cell_type": "code", "source": CELL.replace("module.TEXT", f"'{text}', module.TEXT")}
    (folder / "package").mkdir(exist_ok=True)
    (folder / "package/__init__.py").touch()
    (folder / "package/inner.py").write_text(f"value = {text!r}")
    (folder / "module.py").write_text(MODULE.replace("old", text))
    (folder / "data.txt").write_text(text)
    file = folder / "train.ipynb"
    file.write_text(json.dumps({"nbformat": 4, "cells": [cell], "metadata": {}}))
    return file


def test_editing_afterwards_changes_no_job(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "FIRST_PAUSE", 0.0)
    # As where a queue lets jobs go one by one.
    monkeypatch.setattr(Creation, "_release", lambda self, framework, owner: owner)
    file = write(tmp_path, "old")
    # More than one ConfigMap takes.
    (tmp_path / "table.bin").write_bytes(random.Random(1).randbytes(1_500_000))
    fields = {"name": "kept", "notebook": str(file), "cpus": 0.1, "memory": "200Mi"}
    spec = JobSpec.parse({**fields, "restarts": 1, "include": ["table.bin"]})
    view = hub.jobs.create(spec, bundle(plan_file(spec, file, [])))
    assert view["phase"] == "Suspended"
    write(tmp_path, "new")
    monkeypatch.undo()
    monkeypatch.setattr(restarts, "FIRST_PAUSE", 0.0)
    hub.client.patch(JOBS, "job-kept", {"spec": {"suspend": False}})
    view = hub.jobs.wait("kept", 90)
    assert (view["phase"], view["attempt"]) == ("Succeeded", 2)
    expected = b"module old old package old data old\ntable 1500000\n[42]\n"
    for attempt in (1, 2):
        assert expected in b"".join(hub.jobs.logs("kept", 0, attempt=attempt))
    # From its record, too, when the job is gone.
    code = hub.runs.code(view["run"]).files
    assert code["files/module.py"] == MODULE.encode()
    assert len(code["files/table.bin"]) == 1_500_000
    made = [found["metadata"]["name"] for found in hub.client.list(CONFIG_MAPS)]
    assert {"job-kept-code", "job-kept-code.1", "job-kept-12-code.1"} <= set(made)
    hub.jobs.delete("kept")
    eventually(
        lambda: not [*hub.client.list(CONFIG_MAPS, label_selector="trainhub.jupyter.org/name=kept")]
    )
