"""One instance in two tabs of a user, and of two users."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Locator, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import logged_in
from tests.browser.instances import deleted_at_the_end, instance, view
from tests.browser.trainhub_page import INSTANCE_MILLISECONDS, TrainHubPage


def edit(trainhub: TrainHubPage, name: str) -> Locator:
    """Choose to edit an instance in its row's menu; the form."""
    trainhub.choose(name, "Edit instance…")
    return trainhub.form("instance")


def test_two_tabs_of_one_user(context: BrowserContext, lab: JupyterLab) -> None:
    first, second = (TrainHubPage(context.new_page(), lab) for _ in range(2))
    with instance(lab, "Both_1"), deleted_at_the_end(lab, "Both_2"):
        for trainhub in (first, second):
            trainhub.open()
            trainhub.show_panel()
        second.row("instance", "Both_1").get_by_role("button", name="Open").click()
        second.expect_instance("Both_1", "Running")

        first.row("instance", "Both_1").get_by_role("button", name="Stop").click()
        first.confirm("Stop")
        second.expect_instance("Both_1", "Stopped")
        expect(second.instance_tab("Both_1")).to_contain_text("Stopped by ada")

        # Who saves second is told before anything is overwritten, and keeps what was typed.
        mine, theirs = edit(second, "Both_1"), edit(first, "Both_1")
        second.fill(mine, memory="768Mi")
        first.fill(theirs, cpus="0.5")
        first.send(theirs)
        expect(theirs).to_have_count(0)
        notice = mine.get_by_role("alert").filter(has_text="changed elsewhere")
        expect(notice).to_be_visible()
        expect(mine.get_by_role("button", name="Save", exact=True)).to_be_disabled()
        expect(second.field(mine, "memory").locator("input")).to_have_value("768Mi")
        second.keep("changed-elsewhere")
        notice.get_by_role("button", name="Keep what I have typed").click()
        second.send(mine)
        expect(mine).to_have_count(0)
        expect(first.row("instance", "Both_1")).to_contain_text("768 MiB")

        mine = edit(second, "Both_1")
        second.fill(mine, memory="640Mi")
        first.choose("Both_1", "Delete instance")
        first.confirm("Delete")
        notice = mine.get_by_role("alert").filter(has_text="deleted elsewhere")
        expect(notice).to_be_visible()
        second.keep("deleted-elsewhere")
        notice.get_by_role("button", name="Make a new instance of it").click()
        second.fill(mine, name="Both_2")
        second.send(mine)
        # What it has is shown once there is nothing more urgent to say of it.
        expect(first.row("instance", "Both_2")).to_contain_text(
            "640 MiB", timeout=INSTANCE_MILLISECONDS
        )


def test_two_users(
    context: BrowserContext, lab: JupyterLab, browser: Browser, other_lab: JupyterLab
) -> None:
    with (
        logged_in(browser, other_lab) as others,
        instance(lab, "Adas_1"),
        instance(other_lab, "Graces_1", wait=False),
    ):
        ada = TrainHubPage(context.new_page(), lab)
        grace = TrainHubPage(others.new_page(), other_lab)
        for trainhub in (ada, grace):
            trainhub.open()
            trainhub.show_panel()
        expect(ada.row("instance", "Graces_1")).to_contain_text("of grace", timeout=20_000)
        expect(grace.row("instance", "Adas_1")).to_contain_text("of ada")
        expect(grace.row("instance", "Graces_1")).not_to_contain_text("of grace")

        form = grace.new_instance()
        grace.fill(form, name="Adas_1", cpus="0.25", memory="3Gi")
        expect(grace.field(form, "name")).to_contain_text("belongs to ada")
        grace.send(form)
        expect(grace.field(form, "name")).to_contain_text("belongs to ada")
        expect(grace.field(form, "memory").locator("input")).to_have_value("3Gi")
        grace.keep("taken-name")

        ada.row("instance", "Adas_1").get_by_role("button", name="Open").click()
        inside = ada.instance("Adas_1").locator("#jp-main-dock-panel")
        expect(inside).to_be_visible(timeout=INSTANCE_MILLISECONDS)
        grace.row("instance", "Adas_1").get_by_role("button", name="Stop").click()
        grace.confirm("Stop")
        ada.expect_instance("Adas_1", "Stopped")
        expect(ada.instance_tab("Adas_1")).to_contain_text("Stopped by grace")
        ada.keep("stopped-by-another")
        assert view(lab, "Adas_1")["owner"] == "ada"
