"""An instance on its way into an image, and others that start from it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.instances import deleted_at_the_end, instance, running
from tests.browser.test_instance import type_into
from tests.browser.trainhub_page import INSTANCE_MILLISECONDS, TrainHubPage
from tests.conftest import eventually

SAVE_MILLISECONDS = 120_000


@pytest.fixture
def trainhub(page: Page, lab: JupyterLab) -> TrainHubPage:
    """JupyterLab with the panel open."""
    opened = TrainHubPage(page, lab)
    opened.open()
    opened.show_panel()
    return opened


def run(trainhub: TrainHubPage, lab: JupyterLab, name: str, command: str) -> str:
    """Type a command into the terminal of an instance with "home"; what it prints."""
    home = lab.folder / "nas" / "users" / "ada"
    printed, done = home / f"{name}.out", home / f"{name}.done"
    trainhub.row("instance", name).get_by_role("button", name="Open").click()
    mounted = "/mnt/user/ada"
    type_into(
        trainhub.view(name, "Terminal"),
        f"({command}) >{mounted}/{printed.name} 2>&1; touch {mounted}/{done.name}",
    )
    eventually(done.exists, INSTANCE_MILLISECONDS / 1000)
    return printed.read_text()


def save_tab(page: Page, name: str) -> Locator:
    return page.locator(f'[data-trainhub-save="{name}"]:visible')


def test_an_instance_becomes_an_image_that_others_start_from(
    trainhub: TrainHubPage, page: Page, lab: JupyterLab
) -> None:
    with instance(lab, "Origin", storages=["home"]), deleted_at_the_end(lab, "Copy"):
        run(
            trainhub,
            lab,
            "Origin",
            "mkdir -p /opt/mine/a /opt/mine/b && head -c 300000 /dev/urandom >/opt/mine/a/kept &&"
            " echo gone >/opt/mine/b/left",
        )
        trainhub.choose("Origin", "Save as image")
        tab = save_tab(page, "Origin")
        tree = tab.get_by_role("tree")
        expect(tree).to_be_visible(timeout=SAVE_MILLISECONDS)
        expect(tab.get_by_role("list", name="Not saved")).to_contain_text("stays where it is")
        trainhub.keep("save-image")
        # A folder is left out by the keyboard; the page may be loaded again before it is sent.
        mine = tree.get_by_role("treeitem", name=re.compile("opt.mine,"))
        mine.focus()
        page.keyboard.press("ArrowRight")
        left = tree.get_by_role("treeitem", name=re.compile("^b,"))
        left.focus()
        page.keyboard.press("Space")
        expect(left).to_have_attribute("aria-checked", "false")
        expect(mine).to_have_attribute("aria-checked", "mixed")
        tab.get_by_label("Tag").fill("walk")
        tab.get_by_label("Note").fill("from the walk")
        with trainhub.saving("from the walk"):
            pass
        trainhub.reload()
        expect(tab.get_by_label("Note")).to_have_value("from the walk", timeout=SAVE_MILLISECONDS)
        tab.get_by_role("button", name="Save", exact=True).click()
        expect(tab).to_contain_text("above the base", timeout=SAVE_MILLISECONDS)
        trainhub.keep("saved-image")
        expect(trainhub.notification("Done: Save Origin")).to_be_visible()
        name = tab.locator("code", has_text=":walk").inner_text()
        tab.get_by_role("button", name="Start an instance from it").click()
        form = trainhub.form("instance")
        image = trainhub.field(form, "image").locator("input")
        expect(image).to_have_value(name)
        trainhub.fill(form, name="Copy", cpus="0.25", memory="512Mi")
        form.get_by_role("checkbox", name="Home").check()
        trainhub.send(form)
        expect(trainhub.row("instance", "Copy")).to_be_visible(timeout=INSTANCE_MILLISECONDS)
        running(lab, "Copy")
        printed = run(trainhub, lab, "Copy", "wc -c </opt/mine/a/kept; ls /opt/mine")
        assert printed.split() == ["300000", "a"]

        row = page.locator(f'#trainhub-panel [data-trainhub-image="{name}"]')
        expect(row).to_contain_text("from the walk")
        row.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="What changed").click()
        details = page.locator(f'.jp-TrainHub-imageDetails[data-trainhub-image="{name}"]')
        expect(details.get_by_role("table", name="Files")).to_contain_text("/opt/mine/a")
        trainhub.keep("image-changes")

        # What runs is not lost by mistake: the second question says what uses the image.
        row.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Delete image").click()
        # The second question may come before the first has gone.
        page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_role("dialog")).to_contain_text("will not start again")
        trainhub.confirm("Delete")
        expect(row).to_have_count(0)
