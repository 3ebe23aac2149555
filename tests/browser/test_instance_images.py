"""Images without JupyterLab, without Python and without a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.instances import deleted_at_the_end, instance
from tests.browser.test_instance import type_into
from tests.browser.trainhub_page import INSTANCE_MILLISECONDS, TrainHubPage
from tests.conftest import eventually
from tests.registry.packing import docker_archive, programs


@pytest.fixture
def images(lab: JupyterLab, tmp_path: Path) -> tuple[str, str]:
    """The name of an image that has a shell and little else, and of one with a program alone."""
    sleep = programs("sleep")
    plain = docker_archive(tmp_path / "plain.tar", ["walk/plain:1"], programs("sh"), sleep)
    bare = docker_archive(
        tmp_path / "bare.tar", ["walk/bare:1"], sleep, Entrypoint=["/bin/sleep", "86400"]
    )
    trainhub = str(Path(sys.executable).with_name("trainhub"))
    for archive in (plain, bare):
        subprocess.run(
            [trainhub, "cluster", "load", str(archive)],
            env={**os.environ, **lab.environment},
            check=True,
            timeout=60,
        )
    return "walk/plain:1", "walk/bare:1"


def test_image_with_a_shell_alone(page: Page, lab: JupyterLab, images: tuple[str, str]) -> None:
    trainhub = TrainHubPage(page, lab)
    home = lab.folder / "nas" / "users" / "ada"
    # To make it takes programs that the image has not.
    home.mkdir(parents=True, exist_ok=True)
    trainhub.open()
    trainhub.show_panel()
    with instance(lab, "Plain_1", image=images[0], storages=["home"]):
        trainhub.row("instance", "Plain_1").get_by_role("button", name="Open").click()
        missing = trainhub.view("Plain_1", "Lab")
        expect(missing).to_contain_text("RUN pip install jupyterlab")
        trainhub.keep("no-jupyterlab")
        missing.get_by_role("button", name="Open the terminal").click()
        terminal = trainhub.view("Plain_1", "Terminal")
        type_into(terminal, "echo from a plain image >/mnt/user/ada/plain.txt")
        eventually((home / "plain.txt").exists)
        expect(trainhub.view("Plain_1", "IDE")).to_contain_text("code-server.dev/install.sh")
        expect(trainhub.view("Plain_1", "SSH")).to_contain_text("ssh trainhub-Plain_1")
        trainhub.keep("ssh-of-a-plain-image")


def test_image_without_a_shell(page: Page, lab: JupyterLab, images: tuple[str, str]) -> None:
    trainhub = TrainHubPage(page, lab)
    trainhub.open()
    with deleted_at_the_end(lab, "Bare_1"):
        form = trainhub.new_instance()
        trainhub.fill(form, name="Bare_1", cpus="0.25", memory="64Mi", image=images[1])
        trainhub.send(form)
        tab = trainhub.instance_tab("Bare_1")
        state = trainhub.view("Bare_1", "Lab")
        expect(state).to_contain_text("The image has no shell", timeout=INSTANCE_MILLISECONDS)
        expect(state).to_contain_text("let it start with its own program")
        trainhub.keep("no-shell")

        state.get_by_role("button", name="Edit…").click()
        form = trainhub.form("instance")
        form.get_by_text("More settings").click()
        trainhub.fill(form, start="image")
        trainhub.keep("start-image")
        trainhub.send(form)
        trainhub.row("instance", "Bare_1").get_by_role("button", name="Open").click()
        trainhub.expect_instance("Bare_1", "Running")
        expect(trainhub.view("Bare_1", "Lab")).to_contain_text("It has no shell either")
        expect(tab.get_by_role("button", name="Open the terminal")).to_have_count(0)
        terminal = trainhub.view("Bare_1", "Terminal")
        expect(terminal).to_contain_text("The image has no shell")
        expect(terminal).to_contain_text("COPY --from=busybox")
        trainhub.keep("no-terminal")
