"""Saving an instance as an image, using it, and everything else that is done with images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish
from tests.browser.instances import deleted_at_the_end, instance
from tests.browser.test_instance import type_into
from tests.browser.trainhub_page import INSTANCE_MILLISECONDS, TrainHubPage
from tests.conftest import eventually

SAVE_MILLISECONDS = 120_000


@pytest.fixture
def trainhub(page: Page, lab: JupyterLab) -> Iterator[TrainHubPage]:
    """JupyterLab with the panel open."""
    opened = TrainHubPage(page, lab)
    opened.open()
    opened.show_panel()
    yield opened


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
        # A folder is left out by the keyboard.
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
        trainhub.send(form)
        printed = run(trainhub, lab, "Copy", "wc -c </opt/mine/a/kept; ls /opt/mine")
        assert printed.split() == ["300000", "a"]
