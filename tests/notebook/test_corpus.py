"""Sixty notebooks: each is refused with its cell, or runs as it does in IPython's own kernel.

``corpus/SOURCES.md`` says where each is from and what is expected of it; ``corpus/record.py`` made
the record of the kernel.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.notebook.bundle import bundle, plan_notebook
from tests.notebook.corpus.record import CORPUS, NAMES, RECORD, comparable

_ROW = re.compile(r"\| (?P<file>(?:own|taken)/\S+\.ipynb) \|.*\| (?P<expected>[^|]+) \|")
EXPECTED = {
    row["file"]: row["expected"] for row in _ROW.finditer((CORPUS / "SOURCES.md").read_text())
}
REFUSED = {file: text for file, text in EXPECTED.items() if text.startswith("refused")}
RUN = [file for file in EXPECTED if file not in REFUSED]


def with_names(path: Path) -> dict[str, Any]:
    """The notebook with a last cell that prints what the others have defined."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
    last = {"cell_type": "code", "source": NAMES, "metadata": {}, "id": "names", "outputs": []}
    cells.append(
        {**last, "input": NAMES, "language": "python"}
        if cells is not notebook.get("cells")
        else last
    )
    return notebook


def run(file: str, folder: Path) -> dict[str, Any]:
    """What the runner prints for a notebook of the corpus, and the error that ended it."""
    program, work = folder / "trainhub", folder / "work"
    program.mkdir(parents=True)
    work.mkdir()
    plan = plan_notebook(with_names(CORPUS / file), name=Path(file).name)
    assert plan.errors == ()
    for name, content in bundle(plan).files.items():
        (program / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, str(program / "run_notebook.py")],
        cwd=work,
        env={"PATH": os.environ["PATH"], "HOME": str(work), "TRAINHUB_ERROR_DIR": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    error = None
    if done.returncode:
        document = json.loads((folder / "rank-0.json").read_text())
        # The kernel names the cell that was run, TrainHub the one where the error arose.
        frames = document["frames"] or [document]
        error = [frames[0]["cell"], document["etype"]]
    return {
        "error": error,
        "printed": comparable(done.stdout, work),
        "told": (done.stderr.splitlines() or [""])[-1],
    }


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[dict[str, Any]]]]:
    """All notebooks that run, as they are run two at a time."""
    folder = tmp_path_factory.mktemp("corpus")
    with ThreadPoolExecutor(2) as pool:
        yield {file: pool.submit(run, file, folder / file) for file in RUN}


def test_the_corpus_is_complete() -> None:
    files = {path.relative_to(CORPUS).as_posix() for path in CORPUS.glob("*/*.ipynb")}
    assert files == set(EXPECTED)
    assert len(files) >= 60


@pytest.mark.parametrize("file", REFUSED)
def test_is_refused_with_cell_and_reason(file: str) -> None:
    remark = plan_notebook((CORPUS / file).read_bytes(), name=Path(file).name).errors[0]
    assert REFUSED[file].removeprefix("refused: ") in str(remark)


@pytest.mark.parametrize("file", RUN)
def test_runs_as_in_the_kernel(file: str, runs: dict[str, Future[dict[str, Any]]]) -> None:
    found = runs[file].result()
    needed = EXPECTED[file].removeprefix("needs ").split(", ") if "needs" in EXPECTED[file] else ()
    absent = [module for module in needed if find_spec(module) is None]
    if absent:
        assert found["error"] is not None
        assert found["told"] == f"ModuleNotFoundError: No module named {absent[0]!r}"
        return
    known = json.loads(RECORD.read_text(encoding="utf-8"))[file]
    if known["error"] and known["error"][1] == "SystemExit" and found["error"] is None:
        known["error"] = None  # The kernel has one word for sys.exit(0) and sys.exit(1).
    assert {"error": found["error"], "printed": found["printed"]} == known
