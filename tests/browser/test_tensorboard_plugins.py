"""TensorBoard's plugins through the proxy, and one that somebody else published."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser import tensorboard_plugin
from tests.browser.event_logs import DIMENSIONS, POINTS, write_of_every_kind
from tests.browser.traffic import Traffic
from tests.browser.trainhub_page import TENSORBOARD_MILLISECONDS, TrainHubPage


def choose(tab: Locator, plugin: str) -> None:
    """Go to a plugin of a TensorBoard by its address."""
    tab.locator("iframe").evaluate(
        "(frame, plugin) => { frame.contentWindow.location.hash = plugin; }", plugin
    )


def test_every_plugin_shows_its_data(page: Page, lab: JupyterLab) -> None:
    """Addresses relative to a plugin's own page, POSTs, large files: none of it fails."""
    tensorboard_plugin.install(lab.folder / "packages")
    write_of_every_kind(lab.folder / "work" / "every kind")
    traffic = Traffic(page)
    trainhub = TrainHubPage(page, lab)
    trainhub.open()
    tab = trainhub.tensorboard_tab("every kind")
    board = tab.frame_locator("iframe")
    expect(board.get_by_role("tab", name="HParams")).to_be_visible(timeout=TENSORBOARD_MILLISECONDS)
    shown: dict[str, Locator] = {
        "hparams": board.get_by_text("0.90000"),
        "images": board.locator("tf-image-loader img"),
        "custom_scalars": board.get_by_text("Matches (1)"),
        "text": board.locator("em", has_text="converges"),
        "pr_curves": board.locator("tf-pr-curve-card"),
        "histograms": board.locator("vz-histogram-timeseries"),
        "greetings": board.frame_locator("iframe:visible").get_by_text(tensorboard_plugin.GREETING),
    }
    for plugin, data in shown.items():
        choose(tab, plugin)
        expect(data.first).to_be_visible(timeout=30_000)
        trainhub.keep(f"tensorboard-{plugin}")
    with page.expect_response(lambda response: "/projector/tensor?" in response.url) as tensor:
        choose(tab, "projector")
    assert len(tensor.value.body()) == POINTS * DIMENSIONS * 4
    traffic.expect_no_failure()
