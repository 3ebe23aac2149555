"""An idle instance: the warning, one click that keeps it, and its end without the click."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish, logged_in
from tests.browser.instances import instance, view
from tests.browser.trainhub_page import TrainHubPage
from tests.conftest import eventually


def look(lab: JupyterLab) -> None:
    """What every server does once a minute, done now as a CronJob does it."""
    command = [str(Path(sys.executable).with_name("trainhub")), "stop-idle"]
    done = subprocess.run(
        command, env={**os.environ, **lab.environment}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def is_warned(lab: JupyterLab, name: str) -> bool:
    """Whether a look now finds the instance idle."""
    look(lab)
    idle = view(lab, name)["idle"]
    return bool(idle and idle["warned"])


def test_idle_instance_is_kept_by_a_click_and_stopped_without(
    browser: Browser, other_lab: JupyterLab
) -> None:
    with logged_in(browser, other_lab) as grace, instance(other_lab, "Nap_1", wait=False):
        trainhub = TrainHubPage(grace.new_page(), other_lab)
        trainhub.open()
        trainhub.show_panel()
        row = trainhub.row("instance", "Nap_1")
        row.get_by_role("button", name="Open instance Nap_1").click()
        # The page of its JupyterLab would be a sign of life.
        overview = trainhub.view("Nap_1", "Overview")
        trainhub.expect_instance("Nap_1", "Running")
        eventually(lambda: is_warned(other_lab, "Nap_1"))

        warning = trainhub.notification("Instance Nap_1 is idle and will be stopped at")
        expect(warning).to_be_visible()
        expect(row).to_contain_text("Idle: stops in")
        expect(trainhub.instance_tab("Nap_1").locator("header")).to_contain_text("It is idle and")
        trainhub.keep("idle-warning")
        warning.get_by_role("button", name="Keep for 1 hour").click()
        expect(warning).to_have_count(0)
        expect(row).not_to_contain_text("Idle")
        trainhub.keep("idle-kept")
        look(other_lab)
        assert view(other_lab, "Nap_1")["phase"] == "Running"

        path = "trainhub/api/instances/Nap_1/idle"
        finish(other_lab.request("POST", path, {"seconds": 1}))

        def is_stopped() -> bool:
            look(other_lab)
            return bool(view(other_lab, "Nap_1")["phase"] != "Running")

        eventually(is_stopped)
        trainhub.expect_instance("Nap_1", "Stopped")
        expect(overview).to_contain_text("without activity")
        trainhub.keep("idle-stopped")
