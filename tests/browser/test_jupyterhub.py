"""TensorBoard behind a real JupyterHub, whose addresses have an @ in them, once as %40."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chart import expect_curve
from tests.browser.conftest import configure_jupyterlab, write_config
from tests.browser.event_logs import write_with_tensorboardx
from tests.browser.jupyterhub import JupyterHub
from tests.browser.traffic import Traffic
from tests.browser.trainhub_page import TrainHubPage

ALICE = "alice@x.org"
SPAWN_MILLISECONDS = 60_000


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterHub]:
    """JupyterHub, and a home for Alice with training logs in it."""
    hub = JupyterHub(tmp_path_factory.mktemp("jupyterhub"))
    home = hub.folder / ALICE
    config = home / ".jupyter"
    configure_jupyterlab(config)
    # One that a failed test leaves behind ends by itself.
    write_config(config, {"tensorboard_idle_seconds": 60})
    write_with_tensorboardx(home / "my runs" / "first", "loss")
    hub.start()
    yield hub
    hub.stop()


def log_in(browser: Browser, hub: JupyterHub, user: str, page: str = "spawn") -> Page:
    """A person's fresh browser profile, logged in to JupyterHub and at a page of it."""
    profile = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    profile.set_default_timeout(30_000)
    tab = profile.new_page()
    tab.goto(f"{hub.url}hub/{page}")
    tab.get_by_label("Username").fill(user)
    tab.get_by_label("Password").fill("any")
    tab.get_by_role("button", name="Sign in").click()
    return tab


def status_of_fetch(page: Page, address: str) -> int:
    """The status that a script of the page gets, with the browser's cookies; 0 for none at all."""
    return int(
        page.evaluate(
            """address => fetch(address, { credentials: "include" }).then(
                 response => response.status, () => 0)""",
            address,
        )
    )


def test_a_chart_is_drawn_for_its_user_and_for_nobody_else(
    browser: Browser, hub: JupyterHub
) -> None:
    """Reads without a token, POSTs without a token, an @ in the address: all of it is let in for
    the one user, and nothing for others."""
    page = log_in(browser, hub, ALICE)
    page.wait_for_url("**/lab**", timeout=SPAWN_MILLISECONDS)
    traffic = Traffic(page)
    trainhub = TrainHubPage(page, hub.server(ALICE))
    trainhub.open()
    board = trainhub.open_in_tensorboard("my runs")
    expect_curve(board, "loss")
    trainhub.keep("jupyterhub")
    assert any(response.request.method == "POST" for response in traffic.of_tensorboards)
    traffic.expect_no_failure()

    address = traffic.of_tensorboards[0].url.split("?")[0]
    assert address.startswith(hub.server(ALICE).url + "trainhub/tensorboards/")
    assert status_of_fetch(page, f"{address}data/runs") == 200

    other_site = page.context.new_page()
    other_site.goto(hub.other_origin)
    # The page itself must not learn the status.
    network = page.context.new_cdp_session(other_site)
    network.send("Network.enable")
    answers: list[int] = []
    network.on(
        "Network.responseReceivedExtraInfo", lambda answer: answers.append(answer["statusCode"])
    )
    assert status_of_fetch(other_site, f"{address}data/runs") == 0
    assert answers[-1] == 403

    stranger = log_in(browser, hub, "mallory@x.org", page="home")
    stranger.wait_for_url("**/hub/home")
    assert status_of_fetch(stranger, f"{address}data/runs") == 403
    shown = stranger.goto(address)
    assert shown is not None
    assert shown.status == 403
    assert "/hub/" in stranger.url

    trainhub.show_panel()
    row = trainhub.row("tensorboard", "my runs")
    row.get_by_role("button", name="Stop TensorBoard").click()
    expect(row).to_have_attribute("data-trainhub-phase", "Stopped", timeout=30_000)
