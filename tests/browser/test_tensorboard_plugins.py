"""TensorBoard's plugins through the proxy, and one that somebody else published."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from examples.headless_jupyterlab import JupyterLab
from tests.browser import tensorboard_plugin
from tests.browser.event_logs import POINTS, write_of_every_kind
from tests.browser.traffic import Traffic
from tests.browser.trainhub_page import TENSORBOARD_MILLISECONDS, TrainHubPage


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
    own_page = board.frame_locator("iframe:visible")
    shown: dict[str, Locator] = {
        "hparams": board.get_by_text("0.90000"),
        "images": board.locator("tf-image-loader img"),
        "custom_scalars": board.get_by_text("Matches (1)"),
        "text": board.locator("em", has_text="converges"),
        "pr_curves": board.locator("tf-pr-curve-card"),
        "histograms": board.locator("vz-histogram-timeseries"),
        "greetings": own_page.get_by_text(tensorboard_plugin.GREETING),
        "projector": own_page.frame_locator("iframe").get_by_text(str(POINTS), exact=True),
    }
    for plugin, data in shown.items():
        tab.locator("iframe").evaluate(
            "(frame, plugin) => { frame.contentWindow.location.hash = plugin; }", plugin
        )
        expect(data.first).to_be_visible()
        trainhub.keep(f"tensorboard-{plugin}")
    traffic.expect_no_failure()
