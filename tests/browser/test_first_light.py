"""From an open notebook to a distributed job with TensorBoard beside it, as a person goes."""

from __future__ import annotations

import contextlib
import re

import pytest
from playwright.sync_api import FrameLocator, Page, TimeoutError, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.chart import expect_curve
from tests.browser.trainhub_page import (
    INSTANCE_MILLISECONDS,
    JOB_MILLISECONDS,
    TrainHubPage,
)
from tests.conftest import eventually


@pytest.fixture
def trainhub(page: Page, lab: JupyterLab) -> TrainHubPage:
    return TrainHubPage(page, lab)


def run_cell(lab: FrameLocator, code: str) -> str:
    """Run code in the first cell of the notebook that was just created; its output."""
    editor = lab.locator(".jp-Notebook .cm-content").first
    output = lab.locator(".jp-OutputArea-output").first

    def answered() -> bool:
        # JupyterLab calls a new kernel idle, and forgets what it is told to run and what was
        # typed, until the connection to the kernel is there.
        editor.fill(code)
        editor.press("Control+Enter")
        with contextlib.suppress(TimeoutError):
            output.wait_for(timeout=3_000)
        return output.is_visible()

    eventually(answered)
    return output.inner_text().strip()


def test_notebook_becomes_a_job_whose_curve_tensorboard_draws(trainhub: TrainHubPage) -> None:
    trainhub.open("quickstart.ipynb")
    form = trainhub.press_submit_as_job()
    preview = form.get_by_role("region", name="What will run")
    expect(preview.locator('[data-action="run"]')).to_have_count(4)
    expect(preview.locator('[data-action="skip"]').first).to_be_visible()
    trainhub.fill(
        form, name="first-light", nodes="2", framework="PyTorch", cpus="0.5", memory="1Gi"
    )
    trainhub.keep("job-form")
    trainhub.send(form)

    log = trainhub.log("first-light")
    expect(log).to_contain_text("epoch 1/10", timeout=JOB_MILLISECONDS)
    trainhub.expect_phase("first-light", "Succeeded")
    expect(log.locator('[data-rank="0"]', has_text="epoch 10/10")).to_be_attached()
    expect(log.locator('[data-rank="1"]', has_text="epoch 10/10")).to_be_attached()
    trainhub.show_panel()
    expect(trainhub.row("job", "first-light")).to_have_attribute("data-trainhub-phase", "Succeeded")
    trainhub.keep("job-page")

    board = trainhub.open_in_tensorboard("runs")
    expect_curve(board, "loss/train")


def test_instance_opens_in_a_tab(trainhub: TrainHubPage) -> None:
    trainhub.open()
    trainhub.show_panel().get_by_role("button", name="New instance").click()
    form = trainhub.form("instance")
    trainhub.fill(form, name="desk", cpus="0.5", memory="1Gi")
    trainhub.send(form)

    inside = trainhub.instance("desk")
    expect(inside.locator("#jp-main-dock-panel")).to_be_visible(timeout=INSTANCE_MILLISECONDS)
    expect(trainhub.row("instance", "desk")).to_have_attribute("data-trainhub-phase", "Running")
    inside.locator('.jp-LauncherCard[data-category="Notebook"]').first.click()
    assert run_cell(inside, "6 * 7") == "42"
    trainhub.keep("instance")

    trainhub.row("instance", "desk").get_by_role("button", name="Stop instance desk").click()
    trainhub.page.get_by_role("dialog").get_by_role("button", name=re.compile("Stop")).click()
    expect(trainhub.row("instance", "desk")).to_have_attribute(
        "data-trainhub-phase", "Stopped", timeout=INSTANCE_MILLISECONDS
    )
