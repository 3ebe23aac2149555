"""The cluster away: what is open stays, it is said, and it goes on by itself."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish
from tests.browser.instances import instance, view
from tests.browser.test_first_light import run_cell
from tests.browser.test_instance import type_into
from tests.browser.trainhub_page import INSTANCE_MILLISECONDS, TrainHubPage
from tests.conftest import eventually

# Until a page asks again how the cluster is, and as long as the server waits for an answer.
POLL_MILLISECONDS = 30_000
NOTICED_MILLISECONDS = 60_000


def signal_cluster(lab: JupyterLab, number: signal.Signals) -> None:
    """Stop, go on with or kill the process of the embedded cluster."""
    record = json.loads((lab.folder / "cluster" / "cluster.json").read_text())
    os.kill(record["pid"], number)


@pytest.fixture
def cluster(lab: JupyterLab) -> Iterator[JupyterLab]:
    """A cluster that is there again at the end, whatever was done to it."""
    yield lab
    signal_cluster(lab, signal.SIGCONT)
    finish(lab.request("POST", "trainhub/api/cluster", {}))


def cell_is_there(lab: FrameLocator) -> None:
    """What was typed and computed is to be seen as it was."""
    expect(lab.locator(".jp-Notebook .cm-content").first).to_have_text("6 * 7")
    expect(lab.locator(".jp-OutputArea-output").first).to_have_text("42")


def test_cluster_that_does_not_answer(page: Page, cluster: JupyterLab) -> None:
    trainhub = TrainHubPage(page, cluster)
    home = cluster.folder / "nas" / "users" / "ada"
    page.clock.install()
    trainhub.open()
    with instance(cluster, "Away_1", storages=["home"]):
        form = trainhub.new_instance()
        trainhub.fill(form, name="Typed_2")
        trainhub.row("instance", "Away_1").get_by_role("button", name="Open").click()
        inside = trainhub.instance("Away_1")
        expect(inside.locator("#jp-main-dock-panel")).to_be_visible(timeout=INSTANCE_MILLISECONDS)
        inside.locator('.jp-LauncherCard[data-category="Notebook"]').first.click()
        assert run_cell(inside, "6 * 7") == "42"
        terminal = trainhub.view("Away_1", "Terminal")
        type_into(terminal, "answer=42")
        tab = trainhub.instance_tab("Away_1")

        signal_cluster(cluster, signal.SIGSTOP)
        page.clock.fast_forward(POLL_MILLISECONDS)
        notice = tab.get_by_role("status").filter(has_text="What is open stays open.")
        expect(notice).to_be_visible(timeout=NOTICED_MILLISECONDS)
        trainhub.keep("away")
        tab.get_by_role("button", name="Restart", exact=True).click()
        trainhub.confirm("Restart")
        failed = trainhub.notification("Instance Away_1 did not start again.")
        expect(failed).to_be_visible(timeout=NOTICED_MILLISECONDS)
        failed.get_by_role("button", name="Details").click()
        expect(page.get_by_role("dialog")).to_contain_text("does not answer")
        trainhub.keep("away-details")
        page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
        cell_is_there(trainhub.instance("Away_1"))

        signal_cluster(cluster, signal.SIGCONT)
        expect(notice).to_have_count(0, timeout=NOTICED_MILLISECONDS)
        trainhub.expect_instance("Away_1", "Running")
        cell_is_there(inside)
        type_into(trainhub.view("Away_1", "Terminal"), "echo $answer >/mnt/user/ada/away.txt")
        eventually((home / "away.txt").exists)
        trainhub.keep("back")

        # Killed and started again: its pods have gone on without it.
        before = view(cluster, "Away_1")["progress"]
        signal_cluster(cluster, signal.SIGKILL)
        expect(terminal.locator("[data-trainhub-shell]")).not_to_have_attribute(
            "data-trainhub-shell", "open"
        )
        page.clock.fast_forward(POLL_MILLISECONDS)
        start = trainhub.show_panel().get_by_role("button", name="Start embedded cluster")
        expect(start).to_be_visible(timeout=NOTICED_MILLISECONDS)
        trainhub.keep("killed")
        start.click()
        expect(notice).to_have_count(0, timeout=NOTICED_MILLISECONDS)
        trainhub.expect_instance("Away_1", "Running")
        assert view(cluster, "Away_1")["progress"] == before
        cell_is_there(trainhub.instance("Away_1"))
        page.get_by_role("tab", name="New instance").click()
        name = trainhub.field(trainhub.form("instance"), "name").locator("input")
        expect(name).to_have_value("Typed_2")
        trainhub.keep("back-again")
