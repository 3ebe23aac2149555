"""A reload of the page in the middle of whatever is done to an instance."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.instances import instance, view
from tests.browser.test_first_light import run_cell
from tests.browser.trainhub_page import INSTANCE_MILLISECONDS, TrainHubPage


def test_reload_while_typing_keeps_all_but_the_variables(page: Page, lab: JupyterLab) -> None:
    trainhub = TrainHubPage(page, lab)
    trainhub.open()
    form = trainhub.new_instance()
    form.get_by_role("button", name="Add variable").click()
    form.get_by_label("Name 1", exact=True).fill("API_KEY")
    form.get_by_label("Value of API_KEY").fill("hunter2")
    form.get_by_role("checkbox", name="Home").check()
    with trainhub.saving("Typed_1"):
        trainhub.fill(form, memory="3Gi", name="Typed_1")

    trainhub.reload()

    form = trainhub.form("instance")
    expect(trainhub.field(form, "name").locator("input")).to_have_value("Typed_1")
    expect(trainhub.field(form, "memory").locator("input")).to_have_value("3Gi")
    expect(form.get_by_role("checkbox", name="Home")).to_be_checked()
    expect(form.get_by_role("button", name="Add variable")).to_be_visible()
    expect(form.get_by_label("Value of API_KEY")).to_have_count(0)
    expect(form.get_by_role("status").filter(has_text="variables")).to_contain_text("not kept")
    kept = lab.folder / "config" / "lab" / "workspaces"
    assert not any("hunter2" in file.read_text() for file in kept.iterdir())


def test_reload_from_the_start_to_the_end(page: Page, lab: JupyterLab) -> None:
    """Its start waits for a folder of the node, so that there is time to look at it."""
    trainhub = TrainHubPage(page, lab)
    folder = lab.folder / "late"
    mount = {"path": "/data", "host_path": str(folder)}
    trainhub.open()
    with instance(lab, "Reload_1", wait=False, mounts=[mount]):
        trainhub.show_panel()
        row = trainhub.row("instance", "Reload_1")
        row.get_by_role("button", name="Open instance Reload_1").click()
        tab = trainhub.instance_tab("Reload_1")
        steps = tab.get_by_role("list", name="Progress of instance Reload_1")
        expect(steps.locator("[aria-current]")).to_contain_text("Image pulled")
        expect(tab).to_contain_text(str(folder))
        trainhub.keep("waiting-for-a-folder")

        trainhub.reload()
        expect(steps.locator("[aria-current]")).to_contain_text("Image pulled")
        expect(steps.locator('[data-state="done"]')).to_have_count(2)
        folder.mkdir()
        inside = trainhub.instance("Reload_1")
        expect(inside.locator("#jp-main-dock-panel")).to_be_visible(timeout=INSTANCE_MILLISECONDS)
        inside.locator('.jp-LauncherCard[data-category="Notebook"]').first.click()
        assert run_cell(inside, "6 * 7") == "42"

        # The tabs of the JupyterLab within are as they were.
        trainhub.reload()
        inside = trainhub.instance("Reload_1")
        expect(inside.locator(".jp-NotebookPanel")).to_be_visible(timeout=INSTANCE_MILLISECONDS)
        assert run_cell(inside, "7 * 7") == "49"

        # What is asked is not done before it is answered.
        tab.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_role("dialog")).to_contain_text("cannot be undone")
        trainhub.keep("delete-dialog")
        trainhub.reload()
        expect(page.get_by_role("dialog")).to_have_count(0)
        trainhub.expect_instance("Reload_1", "Running")

        before = view(lab, "Reload_1")["progress"]
        tab.get_by_role("button", name="Restart", exact=True).click()
        trainhub.confirm("Restart")
        expect(tab.locator("article").first).not_to_have_attribute("data-trainhub-phase", "Running")
        trainhub.reload()
        trainhub.expect_instance("Reload_1", "Running")
        inside = trainhub.instance("Reload_1")
        expect(inside.locator("#jp-main-dock-panel")).to_be_visible(timeout=INSTANCE_MILLISECONDS)
        assert view(lab, "Reload_1")["progress"] != before

        tab.get_by_role("button", name="Stop", exact=True).click()
        trainhub.confirm("Stop")
        expect(tab.locator("article").first).not_to_have_attribute("data-trainhub-phase", "Running")
        trainhub.reload()
        trainhub.expect_instance("Reload_1", "Stopped")
        expect(row).to_have_attribute("data-trainhub-phase", "Stopped")
