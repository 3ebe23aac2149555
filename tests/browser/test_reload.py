"""Closing JupyterLab in the middle of a job loses nothing."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish
from tests.browser.trainhub_page import (
    INSTANCE_MILLISECONDS,
    JOB_MILLISECONDS,
    TrainHubPage,
)

# Writes a line, and goes on until the file that it waits for is there.
PROGRAM = """
import pathlib, time
print("waiting", flush=True)
while not pathlib.Path("go-on").exists():
    time.sleep(0.1)
print("finished")
"""


def test_reload_in_the_middle_of_a_job_finds_it(page: Page, lab: JupyterLab) -> None:
    folder = lab.folder / "work" / "reload"
    folder.mkdir()
    spec = {
        "name": "patient",
        "command": ["python", "-c", PROGRAM],
        "cpus": 0.25,
        "memory": "256Mi",
        "mounts": [{"path": str(folder), "host_path": str(folder)}],
        "working_dir": str(folder),
    }
    finish(lab.request("POST", "trainhub/api/jobs", {"spec": spec}))
    desk = {"name": "kept", "cpus": 0.25, "memory": "512Mi"}
    finish(lab.request("POST", "trainhub/api/instances", desk))
    trainhub = TrainHubPage(page, lab)
    trainhub.open()
    trainhub.show_panel()
    trainhub.row("job", "patient").get_by_role("button", name="Open job patient").click()
    expect(trainhub.log("patient")).to_contain_text("waiting", timeout=JOB_MILLISECONDS)

    trainhub.reload()

    expect(trainhub.log("patient")).to_contain_text("waiting", timeout=JOB_MILLISECONDS)
    trainhub.expect_phase("patient", "Running")
    (folder / "go-on").touch()
    expect(trainhub.log("patient")).to_contain_text("finished", timeout=JOB_MILLISECONDS)
    trainhub.expect_phase("patient", "Succeeded")
    trainhub.show_panel()
    expect(trainhub.row("job", "patient")).to_have_attribute("data-trainhub-phase", "Succeeded")
    expect(trainhub.row("instance", "kept")).to_have_attribute(
        "data-trainhub-phase", "Running", timeout=INSTANCE_MILLISECONDS
    )
    finish(lab.request("DELETE", "trainhub/api/instances/kept"))
