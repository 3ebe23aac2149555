"""A real JupyterLab with an embedded cluster of its own, and Chromium to look at it with."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from examples.headless_jupyterlab import JupyterLab
from tests.browser.trainhub_page import SCREENSHOTS

ROOT = Path(__file__).resolve().parents[2]

# Without a sandbox, since root has none; without a GPU and without services of the browser's own,
# which would call addresses outside this machine.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.cluster)


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end; in a thread, since Playwright keeps this one's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def chromium() -> str:
    """Path of the Chromium to start; see install_debian.sh."""
    private = ROOT / "build" / "debian" / "bin" / "chromium"
    named = os.environ.get("TRAINHUB_CHROMIUM")
    candidates = [named, str(private), "chromium", "chromium-browser", "google-chrome"]
    for candidate in candidates:
        path = candidate and shutil.which(candidate)
        if path:
            return path
    pytest.fail("No Chromium found. Run the tests with `make test`, which installs one.")


def configure_jupyterlab(config: Path) -> None:
    """Let tests ask JupyterLab when it is ready, and answer what it asks at its first start."""
    settings = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    news = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(news))
    for file, program in (("lab", "LabApp"), ("notebook", "JupyterNotebookApp")):
        exposed = {program: {"expose_app_in_browser": True}}
        (config / f"jupyter_{file}_config.json").write_text(json.dumps(exposed))


def configure_site(config: Path, nas: Path) -> None:
    """What an admin would offer: a folder of each user's own on the NAS, and sizes."""
    nas.mkdir()
    site: dict[str, Any] = {
        "user": "ada",
        "storages": [
            {
                "name": "home",
                "title": "Home",
                "path": "/mnt/user/{username}",
                "host_path": str(nas),
                "sub_path": "users/{username}",
                # Root of the pod, which is whoever runs the embedded cluster.
                "create": {"uid": 0, "gid": 0, "mode": "0750"},
            }
        ],
        "presets": [
            {"name": "small", "title": "Small", "values": {"cpus": 0.25, "memory": "1Gi"}},
            {"name": "huge", "title": "Huge", "values": {"cpus": 500, "memory": "1Gi"}},
        ],
    }
    write_config(config, site)


def configure_base_url(config: Path) -> None:
    """As behind a proxy that serves more than one thing; the @ is written as JupyterHub may do."""
    base_url = {"ServerApp": {"base_url": "/a%40b/"}}
    (config / "jupyter_server_config.json").write_text(json.dumps(base_url))


def write_config(config: Path, site: dict[str, Any]) -> None:
    """What TrainHub's configuration file in the folder sets."""
    (config / "jupyter_trainhub_config.json").write_text(json.dumps({"TrainHubConfig": site}))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """JupyterLab with the quickstart in its root folder and its cluster started."""
    server = JupyterLab(tmp_path_factory.mktemp("jupyterlab"))
    # Where tests install packages for programs that are started later.
    server.environment["PYTHONPATH"] = str(server.folder / "packages")
    work = server.folder / "work"
    work.mkdir()
    shutil.copy(ROOT / "examples" / "quickstart.ipynb", work)
    configure_jupyterlab(server.folder / "config")
    configure_base_url(server.folder / "config")
    configure_site(server.folder / "config", server.folder / "nas")
    finish(server.start())
    try:
        finish(server.request("POST", "trainhub/api/cluster", {}))
        yield server
    finally:
        finish(server.stop())


@pytest.fixture(scope="session")
def other_lab(lab: JupyterLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """Another user's JupyterLab, on the same cluster. It stops what is idle for some seconds."""
    server = JupyterLab(tmp_path_factory.mktemp("other-jupyterlab"))
    server.environment["TRAINHUB_KUBECONFIG"] = str(lab.folder / "cluster" / "kubeconfig")
    configure_jupyterlab(server.folder / "config")
    idle = {"idle_timeout": 14, "idle_warning": 10, "idle_cpu_percent": 50, "idle_exempt": ["ada"]}
    write_config(server.folder / "config", {"user": "grace", **idle})
    finish(server.start())
    yield server
    finish(server.stop())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, headless; ended after each module, since its event loop hinders other tests."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium(), args=CHROMIUM_ARGUMENTS, headless=True
        )
        yield running
        running.close()


@contextmanager
def logged_in(browser: Browser, lab: JupyterLab) -> Iterator[BrowserContext]:
    """A person's fresh browser profile, logged in to JupyterLab."""
    profile = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    profile.set_default_timeout(30_000)
    page = profile.new_page()
    page.goto(f"{lab.url}login?token={lab.token}")
    page.close()
    yield profile
    profile.close()


@pytest.fixture
def context(browser: Browser, lab: JupyterLab) -> Iterator[BrowserContext]:
    """The first user's browser profile."""
    with logged_in(browser, lab) as profile:
        yield profile


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab, whose last sight is kept in build/screenshots under the test's name."""
    tab = context.new_page()
    yield tab
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    tab.screenshot(path=SCREENSHOTS / f"{name}.png")
