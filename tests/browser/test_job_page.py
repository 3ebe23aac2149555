"""A job from its form to its page: tabs, a second attempt, downloads, stop and clone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish
from tests.browser.trainhub_page import JOB_MILLISECONDS, TrainHubPage

NAMES = ("walk", "walk-2")

# Leaves a model; its first attempt fails, the second one goes on until it is stopped.
PROGRAM = """
import os, pathlib, sys, time
attempt = os.environ["TRAINHUB_ATTEMPT"]
print("this is attempt", attempt, flush=True)
folder = pathlib.Path(os.environ["TRAINHUB_MODEL_PATH"])
(folder / "weights.bin").write_bytes(b"1234" * 256)
sys.exit(3) if attempt == "1" else time.sleep(3600)
"""


@pytest.fixture
def trainhub(page: Page, lab: JupyterLab) -> TrainHubPage:
    return TrainHubPage(page, lab)


def downloaded(trainhub: TrainHubPage, link: Locator) -> bytes:
    """What the browser saves when the link is pressed."""
    with trainhub.page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def tab(trainhub: TrainHubPage, job: str, name: str) -> Locator:
    """Choose a tab of a job's page; what it shows."""
    page = trainhub.job(job)
    page.get_by_role("tab", name=name, exact=True).click()
    return page.get_by_role("tabpanel", name=name, exact=True)


def test_job_from_form_to_clone(trainhub: TrainHubPage, lab: JupyterLab) -> None:
    trainhub.open()
    trainhub.show_panel().get_by_role("button", name="Submit job…").click()
    form = trainhub.form("job")
    trainhub.fill(
        form,
        name="walk",
        command=f"python -c '{PROGRAM}'",
        cpus="0.25",
        memory="256Mi",
        category="Debugging",
        priority="7",
        project="walks",
    )
    for title in ("Volumes and folders", "Time and restarts"):
        form.get_by_text(title, exact=True).click()
    trainhub.fill(form, restarts="1", time_limit="2", nodes="2")
    # One process on two nodes: the server says so while it is typed, and nothing is lost.
    expect(trainhub.error(form, "framework")).to_contain_text("one node")
    trainhub.fill(form, nodes="1")
    expect(form.locator(".jp-TrainHub-fieldError:visible")).to_have_count(0)
    volume = trainhub.field(form, "model_volume")
    volume.get_by_role("checkbox").check()
    volume.get_by_label("Path").fill("/out")
    volume.get_by_label("Size").fill("64Mi")
    trainhub.keep("job-form-fields")
    trainhub.send(form)

    page = trainhub.job("walk")
    header = page.locator("header.jp-TrainHub-jobHeader")
    expect(header).to_contain_text("Attempt 1 of 2")
    expect(header).to_contain_text("Priority 7")
    expect(header).to_contain_text("Attempt 2 of 2", timeout=JOB_MILLISECONDS)
    expect(header).to_contain_text("Time left", timeout=JOB_MILLISECONDS)
    expect(trainhub.log("walk")).to_contain_text("this is attempt 2", timeout=JOB_MILLISECONDS)
    trainhub.keep("job-log")

    overview = tab(trainhub, "walk", "Overview")
    expect(overview.get_by_role("table", name="History")).to_contain_text("Running")
    expect(overview.locator('[data-trainhub-spec="model_volume"]')).to_contain_text("/out")
    overview.locator("summary", has_text="Attempt 1").click()
    expect(overview.get_by_role("table", name="Pods")).to_contain_text("3")
    trainhub.keep("job-overview")
    pods = tab(trainhub, "walk", "Pods")
    pods.get_by_role("button", name="Events of rank 0").click()
    events = page.get_by_role("tabpanel", name="Events", exact=True)
    expect(events.get_by_role("table")).to_contain_text("Started")
    expect(tab(trainhub, "walk", "YAML")).to_contain_text("kind: Job")
    trainhub.reload()
    expect(page.get_by_role("tab", selected=True)).to_have_text("YAML")

    files = tab(trainhub, "walk", "Files")
    expect(files).to_contain_text("weights.bin", timeout=JOB_MILLISECONDS)
    trainhub.keep("job-files")
    link = files.get_by_role("link", name="Download weights.bin")
    assert downloaded(trainhub, link) == b"1234" * 256

    page.get_by_role("button", name="Stop", exact=True).click()
    assert "run record" in trainhub.confirm("Stop")
    trainhub.expect_phase("walk", "Stopped")
    expect(header).to_contain_text("Ran for")
    log = tab(trainhub, "walk", "Log")
    link = log.get_by_role("link", name="Download log")
    assert b"this is attempt 2" in downloaded(trainhub, link)

    page.get_by_role("button", name="Clone…").click()
    clone = trainhub.form("job")
    expect(trainhub.field(clone, "name").locator("input")).to_have_value("walk-2")
    expect(trainhub.field(clone, "project").locator("input")).to_have_value("walks")
    trainhub.keep("job-clone")
    # It is the very same spec, but for its name.
    trainhub.send(clone)
    expect(trainhub.job("walk-2").locator("header")).to_contain_text("Priority 7")
    first, second = (finish(lab.request("GET", f"trainhub/api/jobs/{name}")) for name in NAMES)
    assert first["spec"] | {"name": "walk-2"} == second["spec"]

    trainhub.show_panel().get_by_role("button", name="Show all jobs in a tab").click()
    jobs = trainhub.page.locator(".jp-TrainHub-jobList:visible")
    jobs.get_by_role("searchbox").fill("WALKS priority:7")
    jobs.get_by_role("checkbox", name="Choose all jobs").check()
    trainhub.keep("job-list")
    jobs.get_by_role("button", name="Delete", exact=True).click()
    trainhub.page.get_by_role("dialog").get_by_role("checkbox").check()
    assert "2 jobs" in trainhub.confirm("Delete")
    expect(jobs.get_by_role("row", name="walk")).to_have_count(0)
