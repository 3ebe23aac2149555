"""Widgets in the outputs of cells, in JupyterLab and in Notebook 7."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.chart import expect_curve
from tests.browser.conftest import finish
from tests.browser.event_logs import write_with_tensorboardx
from tests.browser.trainhub_page import JOB_MILLISECONDS, TENSORBOARD_MILLISECONDS
from tests.conftest import eventually

# Colours, a line that is written over again, and an end that never comes.
PROGRAM = """
import time
for step in range(300):
    print(f"\\033[31mstep\\033[0m {step}")
print("10%\\r20%\\r30% done", flush=True)
time.sleep(600)
"""
BUSY = "import time; time.sleep(600)"


def write_notebook(path: Path, *sources: str) -> None:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": source,
         "outputs": [], "execution_count": None}
        for number, source in enumerate(sources)
    ]  # fmt: skip
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4}
    path.write_text(json.dumps({**document, "nbformat_minor": 5}))


def submission(name: str) -> str:
    return (
        "import jupyter_trainhub as th\n"
        f"job = th.submit(command=['python', '-c', {PROGRAM!r}], name={name!r},"
        " cpus=0.1, memory='256Mi')\njob"
    )


def open_notebook(page: Page, address: str) -> None:
    """Open a notebook in JupyterLab or Notebook 7, and wait for its kernel."""
    page.goto(address)
    # A new kernel is called idle before it can be told anything.
    page.wait_for_function(
        """() => {
            const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
            const kernel = context?.session?.kernel;
            return kernel?.status === 'idle' && kernel.connectionStatus === 'connected';
        }""",
        timeout=60_000,
    )


def kernel(page: Page) -> str:
    """The id of the kernel of the notebook in front."""
    found = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id"
    return str(page.evaluate(found))


def command(page: Page, name: str) -> None:
    page.evaluate("name => void window.jupyterapp.commands.execute(name)", name)


def widget(page: Page) -> Locator:
    return page.locator(".jp-OutputArea .trainhub").last


def phase(shown: Locator) -> Locator:
    return shown.locator(".trainhub-phase")


def is_saved(page: Page) -> bool:
    """Saves the notebook; whether nothing has changed meanwhile, as a widget's last words do."""
    save = "() => window.jupyterapp.commands.execute('docmanager:save').then(() => null)"
    page.evaluate(save)
    return page.locator(".jp-mod-dirty").count() == 0


def test_a_job_is_watched_and_stopped_while_a_cell_runs(page: Page, lab: JupyterLab) -> None:
    write_notebook(lab.folder / "work" / "watched.ipynb", submission("watched"), BUSY)
    open_notebook(page, f"{lab.url}lab/tree/watched.ipynb?reset")
    command(page, "notebook:run-all-cells")
    job = widget(page)
    log = job.get_by_role("log")
    expect(log).to_contain_text("30% done", timeout=JOB_MILLISECONDS)
    expect(phase(job)).to_have_text("Running")
    expect(log.locator("span[style*=color]").first).to_have_text("step")
    expect(log).not_to_contain_text("20%")

    job.get_by_role("searchbox").fill("STEP 29")
    expect(job.locator(".trainhub-bar [role=status]")).to_have_text("0 of 11")
    job.get_by_role("searchbox").press("Enter")
    expect(log.locator("[data-current]")).to_have_text("[0] step 299")
    expect(job.get_by_role("button", name="Resume")).to_be_visible()

    # The kernel is in the second cell; nothing but the server can stop the job.
    stop = job.get_by_role("button", name="Stop")
    stop.click()
    job.get_by_role("button", name="Stop it?").click()
    expect(phase(job)).to_have_text("Stopped", timeout=JOB_MILLISECONDS)
    assert page.locator(".jp-InputPrompt").last.inner_text() == "[*]:"
    expect(stop).to_be_hidden()

    # Without a kernel the notebook shows what was seen last.
    eventually(partial(is_saved, page))
    finish(lab.request("DELETE", f"api/kernels/{kernel(page)}"))
    page.reload()
    kept = page.locator(".jp-OutputArea-output").first
    expect(kept).to_contain_text("Stopped by ada", timeout=60_000)
    expect(kept.locator("pre")).to_contain_text("[0] 30% done")
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    expect(page.get_by_text("Loading widget")).to_be_hidden()


def test_a_form_in_notebook_7_submits_a_job(page: Page, lab: JupyterLab) -> None:
    form = "import jupyter_trainhub as th\nform = th.submit_form(); form"
    write_notebook(lab.folder / "work" / "formed.ipynb", form, "1 / 0")
    open_notebook(page, f"{lab.url}notebooks/formed.ipynb")
    command(page, "notebook:run-cell")
    answer = page.locator(".jp-OutputArea table[aria-live]")
    # What would run: this notebook.
    expect(answer).to_contain_text("2 of 2 run", timeout=60_000)
    field = partial(page.get_by_role, "textbox", exact=True)
    field(name="Notebook").fill("")
    field(name="Command").fill("python\n-c\nprint('hello', 6 * 7)")
    field(name="Name").fill("-")
    expect(page.get_by_role("alert").filter(has_text="name")).to_be_visible(timeout=30_000)
    field(name="Name").fill("formed")
    page.get_by_role("button", name="Submit", exact=True).click()
    job = widget(page)
    expect(job.get_by_role("log")).to_contain_text("hello 42", timeout=JOB_MILLISECONDS)
    expect(phase(job)).to_have_text("Succeeded", timeout=JOB_MILLISECONDS)
    with page.expect_popup() as opened:
        job.get_by_role("button", name="Open", exact=True).click()
    assert "lab?trainhub-job=formed" in opened.value.url


def test_a_tensorboard_in_a_cell_of_notebook_7(page: Page, lab: JupyterLab) -> None:
    work = lab.folder / "work"
    (work / "new runs").mkdir()
    write_with_tensorboardx(work / "other", "loss")
    source = "import jupyter_trainhub as th\nth.tensorboard('new runs', reload_interval=1)"
    write_notebook(work / "board.ipynb", source)
    open_notebook(page, f"{lab.url}notebooks/board.ipynb")
    command(page, "notebook:run-cell")
    shown = widget(page)
    frame = shown.locator("iframe")
    # Behind what is told, TensorBoard's page is loaded already.
    expect(frame).to_be_attached(timeout=60_000)
    told = shown.locator(".trainhub-splash")
    expect(told).to_contain_text("nothing to show yet", timeout=TENSORBOARD_MILLISECONDS)
    write_with_tensorboardx(work / "new runs" / "first", "loss")
    expect(told).to_be_hidden(timeout=TENSORBOARD_MILLISECONDS)
    expect_curve(shown.frame_locator("iframe"), "loss")

    address = str(frame.get_attribute("src"))
    shown.get_by_role("button", name="Add runs").click()
    shown.get_by_role("textbox", name="Folder to add").fill("second:other")
    shown.get_by_role("button", name="Add", exact=True).click()
    expect(frame).not_to_have_attribute("src", address, timeout=TENSORBOARD_MILLISECONDS)
    expect(shown.frame_locator("iframe").locator("runs-data-table")).to_contain_text(
        "second", timeout=TENSORBOARD_MILLISECONDS
    )
    shown.get_by_role("button", name="Stop", exact=True).click()
    expect(frame).to_be_hidden()
    shown.get_by_role("button", name="Start again").click()
    expect(phase(shown)).to_have_text("Running", timeout=TENSORBOARD_MILLISECONDS)
    expect(frame).to_be_visible()
