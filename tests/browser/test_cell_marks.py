"""The error of a rank on the cell that it came from, in the notebook that is open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish
from tests.browser.trainhub_page import JOB_MILLISECONDS, TrainHubPage

# The function of cell 2 fails where cell 4 calls it, on rank 1 only.
CELLS = {
    "first": "divisor = 0",
    "function": "def share(total):\n    print('dividing')\n    return total / divisor",
    "between": "import os",
    "call": "if os.environ.get('RANK', '1') == '1':\n    share(3)",
}
FAILED_LINE = "    return total / divisor"


@pytest.fixture
def trainhub(page: Page, lab: JupyterLab) -> Iterator[TrainHubPage]:
    """The page; the jobs of the notebook are deleted at the end, for others look at lists."""
    yield TrainHubPage(page, lab)
    for job in finish(lab.request("GET", "trainhub/api/jobs"))["items"]:
        if job["spec"].get("notebook") == "shares.ipynb":
            finish(lab.request("DELETE", f"trainhub/api/jobs/{job['name']}"))


def write_notebook(path: Path) -> None:
    """A notebook of CELLS, whose first cell takes parameters."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {"tags": ["parameters"]} if name == "first" else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for name, source in CELLS.items()
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document))


def submit(lab: JupyterLab, name: str, **fields: Any) -> None:
    """Submit the notebook as a job."""
    spec = {"name": name, "notebook": "shares.ipynb", "cpus": 0.25, "memory": "512Mi", **fields}
    finish(lab.request("POST", "trainhub/api/jobs", {"spec": spec}))


def cell(page: Page, position: int) -> Locator:
    """A cell of the notebook in front."""
    return page.locator(".jp-NotebookPanel:visible .jp-Cell").nth(position)


def test_error_of_a_rank_on_its_cell(trainhub: TrainHubPage, lab: JupyterLab) -> None:
    write_notebook(lab.folder / "work" / "shares.ipynb")
    submit(lab, "shares", nodes=2, framework="pytorch")
    trainhub.open("shares.ipynb")
    page = trainhub.page
    marks = page.locator(".jp-NotebookPanel:visible [data-trainhub-mark]")
    failed_lines = page.locator(".jp-NotebookPanel:visible .cm-line.jp-TrainHub-failedLine")

    mark = cell(page, 1).locator('[data-trainhub-mark="shares"]')
    expect(mark).to_contain_text("Rank 1", timeout=JOB_MILLISECONDS)
    expect(mark).to_contain_text("(job shares) failed here, line 3")
    expect(mark).to_contain_text("ZeroDivisionError: division by zero")
    expect(failed_lines).to_have_text([FAILED_LINE])
    calls = cell(page, 3).locator('[data-trainhub-light-mark="shares"]')
    expect(calls).to_contain_text("Called from here, line 2")
    expect(marks).to_have_count(1)
    trainhub.keep("cell-mark")

    mark.get_by_role("button", name="Job page").click()
    failure = trainhub.job("shares").locator(".jp-TrainHub-failure")
    expect(failure).to_contain_text("failed first, in cell 2, line 3")
    trainhub.keep("job-failure")
    failure.get_by_role("button", name="Show in notebook").click()
    expect(cell(page, 1)).to_have_class(re.compile(r"\bjp-mod-active\b"))
    mark.get_by_role("button", name="Log").click()
    expect(trainhub.log("shares").locator(".jp-mod-current")).to_contain_text("ZeroDivisionError")

    trainhub.open("shares.ipynb")
    expect(cell(page, 1).locator("[data-trainhub-mark]")).to_be_visible()
    cell(page, 1).locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Shift+ArrowDown")
    expect(cell(page, 2).locator("[data-trainhub-mark]")).to_be_visible()
    expect(failed_lines).to_have_text([FAILED_LINE])
    cell(page, 2).locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" or 1")
    expect(marks).to_contain_text("This cell has changed since job shares was submitted")
    expect(failed_lines).to_have_count(0)
    trainhub.keep("cell-mark-changed")

    submit(lab, "shares-2", nodes=1, framework="single", parameters={"divisor": 1})
    expect(marks).to_have_count(0, timeout=JOB_MILLISECONDS)
    expect(page.locator(".jp-NotebookPanel:visible [data-trainhub-light-mark]")).to_have_count(0)
