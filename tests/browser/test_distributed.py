"""Cells that run on the cluster: their values, their failures, and the button that stops them."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish
from tests.browser.trainhub_page import JOB_MILLISECONDS, TrainHubPage
from tests.conftest import eventually

SMALL = "--cpus 0.2 --memory 300Mi"
CELLS = {
    "load": "%load_ext jupyter_trainhub",
    "define": "base = 40\n\ndef share(n):\n    return base / n",
    "run": f"%%distributed {SMALL}\nprint('on the cluster')\nshare(20) + base",
    "fail": f"%%distributed {SMALL}\nshare(0)",
    "wait": f"%%distributed {SMALL}\nimport time\nprint('waiting')\ntime.sleep(600)",
}


@pytest.fixture
def trainhub(page: Any, lab: JupyterLab) -> TrainHubPage:
    return TrainHubPage(page, lab)


def write_notebook(path: Path) -> None:
    """A notebook of CELLS."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": name, "metadata": {}, "source": source, "outputs": [],
         "execution_count": None}
        for name, source in CELLS.items()
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document))


def test_cells_on_the_cluster(trainhub: TrainHubPage, lab: JupyterLab) -> None:
    write_notebook(lab.folder / "work" / "cells.ipynb")
    trainhub.open("cells.ipynb")
    page = trainhub.page
    cells = page.locator(".jp-NotebookPanel:visible .jp-Cell")

    def run(name: str) -> Locator:
        """Run one cell; it."""
        cell = cells.nth([*CELLS].index(name))
        cell.locator(".cm-content").click()
        expect(cell.locator(".cm-focused")).to_be_visible()
        page.keyboard.press("Control+Enter")
        return cell

    def loaded() -> bool:
        # JupyterLab calls a new kernel idle, and forgets what it is told to run, until it has
        # connected to the kernel.
        prompt = cells.first.locator(".jp-InputPrompt")
        if prompt.inner_text().strip() == "[ ]:":
            run("load")
        with contextlib.suppress(AssertionError):
            expect(prompt).to_have_text("[1]:", timeout=3_000)
        return prompt.inner_text() == "[1]:"

    # Told to run a cell before it has a kernel, it asks which one.
    kernel = page.locator(".jp-NotebookPanel:visible .jp-KernelName")
    expect(kernel).to_have_text("Python 3 (ipykernel)")
    eventually(loaded)
    expect(run("define").locator(".jp-InputPrompt")).to_have_text("[2]:")
    ran = run("run")
    expect(ran.get_by_text("This runs on 1 node, with definitions from In[2].")).to_be_visible(
        timeout=JOB_MILLISECONDS
    )
    expect(ran.get_by_role("log")).to_contain_text("on the cluster", timeout=JOB_MILLISECONDS)
    expect(ran.locator(".jp-OutputArea-executeResult")).to_contain_text(
        "42.0", timeout=JOB_MILLISECONDS
    )
    trainhub.keep("distributed-cell")

    failed = run("fail")
    error = failed.locator('[data-mime-type="application/vnd.jupyter.stderr"]').last
    expect(error).to_contain_text("ZeroDivisionError", timeout=JOB_MILLISECONDS)
    expect(error).to_contain_text("Cell In[2], line 4, in share")
    # The error is on the cell that it came from.
    mark = cells.nth(1).locator("[data-trainhub-mark]")
    expect(mark).to_contain_text("ZeroDivisionError", timeout=JOB_MILLISECONDS)

    waiting = run("wait")
    expect(waiting.get_by_role("log")).to_contain_text("waiting", timeout=JOB_MILLISECONDS)
    waiting.get_by_role("button", name="Stop", exact=True).click()
    waiting.get_by_role("button", name="Stop it?").click()
    stopped = waiting.locator('[data-mime-type="application/vnd.jupyter.stderr"]').last
    expect(stopped).to_contain_text("was stopped", timeout=JOB_MILLISECONDS)
    jobs = finish(lab.request("GET", "trainhub/api/jobs"))["items"]
    assert {job["phase"] for job in jobs if job["spec"].get("notebook") == "cells.ipynb"} == {
        "Failed",
        "Stopped",
    }
