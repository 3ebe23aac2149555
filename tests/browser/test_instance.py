"""A dev instance from the form to its end, as a person goes through it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.test_first_light import run_cell
from tests.browser.trainhub_page import INSTANCE_MILLISECONDS, TrainHubPage
from tests.conftest import eventually


def type_into(terminal: Locator, line: str) -> None:
    """Type a line into a terminal once its shell is there."""
    expect(terminal.locator('[data-trainhub-shell="open"]')).to_be_visible(timeout=30_000)
    terminal.locator("textarea").focus()
    terminal.page.keyboard.type(f"{line}\n")


def test_from_the_form_to_the_end(page: Page, lab: JupyterLab) -> None:
    trainhub = TrainHubPage(page, lab)
    home = lab.folder / "nas" / "users" / "ada"
    trainhub.open()
    form = trainhub.new_instance()

    # What is typed is judged at once, and beside it stands what the cluster has room for.
    trainhub.fill(form, name="not-a-name")
    expect(trainhub.error(form, "name")).to_contain_text("not possible")
    trainhub.fill(form, name="Walk_1")
    expect(trainhub.error(form, "name")).to_have_count(0)
    fit = form.get_by_role("region", name="Does it fit?")
    form.get_by_role("radio", name="Huge").check()
    expect(fit.locator("[data-verdict]")).to_have_attribute("data-verdict", "never")
    trainhub.keep("form-never-fits")
    form.get_by_role("radio", name="Small").check()
    expect(fit.locator("[data-verdict]")).to_have_attribute("data-verdict", "now")
    form.get_by_role("checkbox", name="Home").check()
    trainhub.keep("form")
    trainhub.send(form)

    tab = trainhub.instance_tab("Walk_1")
    expect(tab.get_by_role("list", name="Progress of instance Walk_1")).to_be_visible()
    trainhub.keep("starting")
    inside = trainhub.instance("Walk_1")
    expect(inside.locator("#jp-main-dock-panel")).to_be_visible(timeout=INSTANCE_MILLISECONDS)
    inside.locator('.jp-LauncherCard[data-category="Notebook"]').first.click()
    writing = (
        "import pathlib; pathlib.Path('/mnt/user/ada/kept.txt').write_text('kept');"
        "pathlib.Path('/tmp/walk-lost.txt').write_text('lost')"
    )
    assert run_cell(inside, writing) == "4"
    assert (home / "kept.txt").read_text() == "kept"
    trainhub.keep("lab")

    # A reload finds the same shell, with what was set in it.
    terminal = trainhub.view("Walk_1", "Terminal")
    type_into(terminal, "answer=42; cd /mnt/user/ada; stty size >size.txt")
    eventually((home / "size.txt").exists)
    trainhub.reload()
    expect(tab.get_by_role("tab", name="Terminal")).to_have_attribute("aria-selected", "true")
    type_into(trainhub.view("Walk_1", "Terminal"), "echo $answer >answer.txt")
    eventually((home / "answer.txt").exists)
    assert eventually((home / "answer.txt").read_text) == "42\n"
    trainhub.keep("terminal")

    # SSH: what to paste is shown; on this machine `trainhub ssh` does the same.
    ssh = trainhub.view("Walk_1", "SSH")
    command = ssh.get_by_text("ssh trainhub-Walk_1", exact=True)
    expect(command.first).to_be_visible()
    trainhub.keep("ssh")
    assert over_ssh(lab, "Walk_1", "cat /mnt/user/ada/answer.txt") == "42\n"

    overview = trainhub.view("Walk_1", "Overview")
    expect(overview.locator('tr[data-kept="kept"]', has_text="/mnt/user/ada")).to_be_visible()
    trainhub.keep("overview")

    # A change holds from the restart on, which says what it costs.
    tab.get_by_role("button", name="Edit…").click()
    form = trainhub.form("instance")
    trainhub.fill(form, cpus="0.5")
    trainhub.send(form)
    expect(trainhub.row("instance", "Walk_1")).to_contain_text("Restart needed")
    trainhub.row("instance", "Walk_1").get_by_role("button", name="Open instance Walk_1").click()
    tab.get_by_role("button", name="Restart", exact=True).first.click()
    assert "Files outside of /mnt/user/ada are gone" in trainhub.confirm("Restart")
    inside = trainhub.instance("Walk_1")
    expect(inside.locator("#jp-main-dock-panel")).to_be_visible(timeout=INSTANCE_MILLISECONDS)
    expect(trainhub.row("instance", "Walk_1")).to_contain_text("0.5 CPU")
    expect(trainhub.row("instance", "Walk_1")).not_to_contain_text("Restart needed")
    assert over_ssh(lab, "Walk_1", "ls /mnt/user/ada/kept.txt /tmp/walk-lost.txt || true") == (
        "/mnt/user/ada/kept.txt\n"
    )

    tab.get_by_role("button", name="Stop", exact=True).click()
    trainhub.confirm("Stop")
    trainhub.expect_instance("Walk_1", "Stopped")
    trainhub.keep("stopped")
    tab.get_by_role("button", name="Delete", exact=True).first.click()
    trainhub.confirm("Delete")
    expect(trainhub.row("instance", "Walk_1")).to_have_count(0)
    expect(tab).to_contain_text("no instance of this name any more")
    assert (home / "kept.txt").read_text() == "kept"


def over_ssh(lab: JupyterLab, name: str, command: str) -> str:
    """What a command in an instance prints, by `trainhub ssh`."""
    trainhub = Path(sys.executable).with_name("trainhub")
    done = subprocess.run(
        [trainhub, "ssh", name, command],
        env={**os.environ, **lab.environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
