"""Bad input is answered at the field that it is in, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish
from tests.browser.trainhub_page import TrainHubPage


@pytest.fixture
def trainhub(page: Page, lab: JupyterLab) -> TrainHubPage:
    return TrainHubPage(page, lab)


@pytest.fixture
def folder(lab: JupyterLab) -> Path:
    """A folder of the file browser for notebooks of these tests."""
    path = lab.folder / "work" / "bad-input"
    path.mkdir(exist_ok=True)
    return path


@pytest.fixture
def taken(lab: JupyterLab) -> Iterator[str]:
    """The name of a job that is there."""
    spec = {"name": "taken", "command": ["true"], "cpus": 0.1, "memory": "64Mi"}
    finish(lab.request("POST", "trainhub/api/jobs", {"spec": spec}))
    yield "taken"
    finish(lab.request("DELETE", "trainhub/api/jobs/taken"))


def write_notebook(path: Path, *sources: str) -> None:
    """Write a notebook of these code cells."""
    cells = [new_code_cell(source) for source in sources]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), path)


def test_more_cpus_than_any_node_has(trainhub: TrainHubPage) -> None:
    trainhub.open("quickstart.ipynb")
    form = trainhub.press_submit_as_job()
    trainhub.fill(form, name="huge", cpus="1000")
    trainhub.send(form)
    expect(trainhub.error(form, "cpus")).to_contain_text("1000")
    expect(trainhub.field(form, "name").locator("input")).to_have_value("huge")


def in_preview(form: Locator) -> Locator:
    """The first error that the preview shows."""
    return form.get_by_role("region", name="What will run").locator('[data-severity="error"]').first


def test_name_that_is_taken(trainhub: TrainHubPage, taken: str) -> None:
    trainhub.open("quickstart.ipynb")
    form = trainhub.press_submit_as_job()
    trainhub.fill(form, name=taken, cpus="0.1", memory="64Mi")
    trainhub.send(form)
    expect(trainhub.error(form, "name")).to_contain_text(taken)


def test_notebook_that_asks_for_input_is_refused_at_its_cell(
    trainhub: TrainHubPage, folder: Path
) -> None:
    write_notebook(folder / "asks.ipynb", "x = 1", "name = input('Who? ')")
    trainhub.open("bad-input/asks.ipynb")
    form = trainhub.press_submit_as_job()
    cell = form.locator('[data-trainhub-cell="1"]')
    expect(cell.locator('[data-severity="error"]')).to_contain_text("input")


def test_notebook_without_code_is_refused(trainhub: TrainHubPage, folder: Path) -> None:
    write_notebook(folder / "empty.ipynb")
    trainhub.open("bad-input/empty.ipynb")
    form = trainhub.press_submit_as_job()
    expect(in_preview(form)).to_contain_text("there is no code to run")


def test_notebook_that_does_not_parse_is_refused(trainhub: TrainHubPage, folder: Path) -> None:
    (folder / "broken.ipynb").write_text("{ this is not JSON")
    trainhub.open()
    trainhub.open_folder("bad-input")
    trainhub.file("broken.ipynb").click(button="right")
    trainhub.page.get_by_role("menuitem", name="Submit as job").click()
    form = trainhub.form("job")
    expect(in_preview(form)).to_contain_text("this is not a notebook")
    expect(form.locator('button[type="submit"]')).to_be_disabled()


def test_log_folder_outside_the_allowed_roots(trainhub: TrainHubPage, lab: JupyterLab) -> None:
    outside = lab.folder / "outside"
    outside.mkdir()
    (lab.folder / "work" / "elsewhere").symlink_to(outside)
    trainhub.open()
    tab = trainhub.tensorboard_tab("elsewhere")
    expect(tab).to_contain_text("outside the allowed roots")
    expect(tab).to_contain_text(str(lab.folder / "work"))
