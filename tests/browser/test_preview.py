"""What will run, seen before it runs; and that it is what runs, whatever is edited meanwhile."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish
from tests.browser.trainhub_page import JOB_MILLISECONDS, TrainHubPage

FOLDER = "seen"
CELLS = (
    "%%writefile made.py\nVALUE = 41",
    "import beside\nfrom made import VALUE\ndef later():\n    import module_of_nobody",
    "input('a keyboard?')",
    "first = 1\nDATA = '/nowhere/data.csv'",
    "print('nothing yet')",
)


@pytest.fixture
def trainhub(page: Page, lab: JupyterLab) -> TrainHubPage:
    return TrainHubPage(page, lab)


@pytest.fixture
def notebook(lab: JupyterLab) -> Path:
    """A notebook with a module beside it, in a folder of its own."""
    folder = lab.folder / "work" / FOLDER
    folder.mkdir()
    (folder / "beside.py").write_text("NAME = 'of the module'\n")
    cells = [new_code_cell(source) for source in CELLS]
    cells[2].metadata.tags = ["trainhub-skip"]
    path = folder / "watch.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def type_into_last_cell(page: Page, text: str) -> None:
    editor = page.locator(".jp-Notebook:visible .jp-CodeCell").last.locator(".cm-content")
    editor.click()
    editor.fill(text)


def test_what_is_seen_is_what_runs(trainhub: TrainHubPage, notebook: Path, lab: JupyterLab) -> None:
    trainhub.open(f"{FOLDER}/{notebook.name}")
    page = trainhub.page
    type_into_last_cell(page, "print('the old text', beside.NAME, VALUE)")
    form = trainhub.press_submit_as_job()
    preview = form.get_by_role("region", name="What will run")

    def cell(index: int) -> str:
        return f'[data-trainhub-cell="{index}"]'

    # It was saved first, so that the preview has it.
    expect(preview.locator(cell(4))).to_contain_text("the old text")
    assert "the old text" in notebook.read_text()
    expect(preview).to_contain_text("4 of 5 cells run.")
    expect(preview.locator(cell(0))).to_contain_text("Writes made.py")
    expect(preview.locator(f"{cell(1)} .cmt-keyword, {cell(1)} [class*=ͼ]").first).to_be_visible()
    expect(preview.locator(cell(2))).to_contain_text("tagged trainhub-skip")
    expect(preview.get_by_text("a keyboard?")).to_be_hidden()
    files = preview.get_by_role("region", name="Files that go along")
    expect(files).to_contain_text("beside.py")
    expect(files).to_contain_text("imported in Cell 2")
    expect(files).to_contain_text("written by a cell")
    # The machine's own Python is looked into at once.
    expect(preview.get_by_role("region", name="Packages")).to_contain_text(
        "module_of_nobody (Cell 2) is not in", timeout=30_000
    )
    trainhub.keep("preview")

    preview.locator(cell(3)).get_by_role("button", name="/nowhere/data.csv").click()
    active = page.locator(".jp-Notebook:visible .jp-Cell.jp-mod-active")
    expect(active).to_contain_text("DATA = ")
    assert page.evaluate("() => window.getSelection().toString()") == "DATA = '/nowhere/data.csv'"

    form = trainhub.press_submit_as_job()
    trainhub.fill(form, name="seen", cpus="0.25", memory="512Mi")
    trainhub.send(form)
    expect(trainhub.notification("Job seen is submitted.")).to_be_visible()
    page.get_by_role("tab", name=notebook.name).click()
    type_into_last_cell(page, "print('the new text')")
    page.keyboard.press("Control+s")
    page.get_by_role("tab", name="seen", exact=True).click()
    expect(trainhub.log("seen")).to_contain_text(
        "the old text of the module 41", timeout=JOB_MILLISECONDS
    )
    trainhub.expect_phase("seen", "Succeeded")

    # Once more, with the settings and without a form; what has changed since is told.
    page.get_by_role("tab", name=notebook.name).click()
    page.get_by_role("button", name="More about running this as a job").click()
    page.get_by_role("menuitem", name="Submit again with the same settings").click()
    expect(trainhub.notification("Changed since: cell 5.")).to_be_visible()
    expect(trainhub.notification("Job seen-2 has succeeded.")).to_be_visible(
        timeout=JOB_MILLISECONDS
    )
    for name in ("seen", "seen-2"):
        finish(lab.request("DELETE", f"trainhub/api/jobs/{name}"))
