"""A TensorBoard in a tab: what a person sees of it, in every kind of folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser.chart import brightness, columns_of, expect_curve, pixels, run_colour
from tests.browser.event_logs import write_with_tensorboardx, write_with_torch
from tests.browser.traffic import Traffic
from tests.browser.trainhub_page import TENSORBOARD_MILLISECONDS, TrainHubPage
from tests.conftest import eventually

# Every one of these ends an address, a path, a name or a shell word somewhere.
ODD = "løss #1 & 100%25 'αβ'"


@pytest.fixture
def trainhub(page: Page, lab: JupyterLab) -> TrainHubPage:
    return TrainHubPage(page, lab)


@pytest.fixture
def work(lab: JupyterLab) -> Path:
    """The folder that JupyterLab shows."""
    return lab.folder / "work"


def set_theme(page: Page, theme: str) -> None:
    """Choose a theme as its menu does."""
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )


def expect_curves_of(board: FrameLocator, runs: list[str]) -> None:
    """Each run's curve is in the chart, in the run's own colour."""
    picture = expect_curve(board, "loss")
    for run in runs:
        assert columns_of(picture, run_colour(board, run)) > 0.3, run


def test_curves_are_drawn_in_both_themes_and_after_a_reload(
    trainhub: TrainHubPage, work: Path
) -> None:
    """Fonts at absolute addresses, POSTs without a token, an @ in the address, a folder's name
    that ends an address: none of it fails a request."""
    write_with_torch(work / ODD / "with torch", "loss")
    write_with_tensorboardx(work / ODD / "with tensorboardX", "loss")
    runs = ["with torch", "with tensorboardX"]
    traffic = Traffic(trainhub.page)
    trainhub.open()
    tab = trainhub.tensorboard_tab(ODD)
    board = tab.frame_locator("iframe")
    expect_curves_of(board, runs)
    trainhub.keep("tensorboard-light")
    assert brightness(pixels(tab.screenshot())) > 200
    sandbox = tab.locator("iframe").get_attribute("sandbox") or ""
    assert "allow-scripts" in sandbox
    assert "allow-top-navigation" not in sandbox

    set_theme(trainhub.page, "JupyterLab Dark")
    eventually(lambda: brightness(pixels(tab.screenshot())) < 80)
    expect_curves_of(board, runs)
    trainhub.keep("tensorboard-dark")
    trainhub.reload()
    expect_curves_of(board, runs)
    set_theme(trainhub.page, "JupyterLab Light")
    eventually(lambda: brightness(pixels(tab.screenshot())) > 200)
    traffic.expect_no_failure()


def test_a_folder_without_logs_waits_and_its_curve_comes_without_a_click(
    trainhub: TrainHubPage, work: Path
) -> None:
    """An empty page for ever: TensorBoard itself looks for data only when it is told to."""
    (work / "later").mkdir()
    trainhub.open()
    tab = trainhub.tensorboard_tab("later")
    expect(tab).to_contain_text("No event files yet", timeout=TENSORBOARD_MILLISECONDS)
    trainhub.keep("tensorboard-waiting")
    write_with_torch(work / "later" / "run", "loss")
    expect_curve(tab.frame_locator("iframe"), "loss")


def test_several_folders_are_opened_side_by_side_with_the_keyboard(
    trainhub: TrainHubPage, work: Path
) -> None:
    """The fast loader is off, or only one of the folders is seen."""
    for name in ("side a", "side b"):
        write_with_tensorboardx(work / name, "loss")
    trainhub.open()
    trainhub.file("side a").click()
    keyboard = trainhub.page.keyboard
    keyboard.press("Shift+ArrowDown")
    keyboard.press("Control+Shift+c")
    keyboard.type("Open in TensorBoard")
    keyboard.press("Enter")
    board = trainhub.page.frame_locator("[data-trainhub-tensorboard]:visible iframe")
    expect_curve(board, "loss")
    for run in ("side a", "side b"):
        run_colour(board, run)
