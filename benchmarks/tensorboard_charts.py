"""From a click to the first curve in JupyterLab, beside the ``tensorboard`` command and a browser.

The command is timed from its start: until it says where it listens, and then until a browser that
is open already has drawn a curve there. In JupyterLab the time begins with the click in a folder's
menu. Each run has a browser of its own with nothing kept; who comes first changes. Curves are seen
as a person sees them, as coloured pixels.

Run: ``python -m benchmarks.tensorboard_charts``. Needs Chromium.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import FrameLocator, Page, sync_playwright

from benchmarks.instances import show
from benchmarks.tensorboard.event_files import write_run
from benchmarks.tensorboard.servers import Server, command
from tests.browser.chart import coloured_columns, pixels
from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium, configure_jupyterlab

ROUNDS = 5
RUNS, TAGS, STEPS = 3, ["accuracy", "loss", "lr", "time"], 1000
SECONDS = 60.0
FOLDER = "logs"


@contextmanager
def browser() -> Iterator[Page]:
    """A page of a browser that has seen nothing yet."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        try:
            yield started.new_page(viewport={"width": 1400, "height": 900})
        finally:
            started.close()


def wait_for_curve(board: Page | FrameLocator) -> None:
    """Returns as soon as a curve is drawn through half of a chart."""
    drawing = board.locator("line-chart .series-view").first
    drawing.wait_for(timeout=SECONDS * 1000)
    deadline = time.perf_counter() + SECONDS
    while coloured_columns(pixels(drawing.screenshot())) < 0.5:
        if time.perf_counter() > deadline:
            raise RuntimeError("no curve was drawn")


def by_command(logs: Path, plugins: Path) -> float:
    with browser() as page:
        page.goto("about:blank")
        began = time.perf_counter()
        with command(logs, plugins) as (place, _):
            page.goto(f"http://127.0.0.1:{place.port}/", wait_until="commit")
            wait_for_curve(page)
            return time.perf_counter() - began


def by_click(server: Server) -> float:
    with browser() as page:
        # A workspace of its own: nothing to restore.
        workspace = f"lab/workspaces/{uuid.uuid4().hex}"
        page.goto(f"{server.lab.url}{workspace}?token={server.lab.token}")
        page.wait_for_function("() => window.jupyterapp", timeout=SECONDS * 1000)
        page.evaluate("() => window.jupyterapp.restored.then(() => null)")
        page.wait_for_load_state("networkidle")
        page.locator(".jp-DirListing-item", has_text=FOLDER).click(button="right")
        item = page.get_by_role("menuitem", name="Open in TensorBoard")
        item.hover()
        began = time.perf_counter()
        item.click()
        wait_for_curve(page.locator("[data-trainhub-tensorboard]:visible").frame_locator("iframe"))
        taken = time.perf_counter() - began
    finish(server.end_tensorboards)
    return taken


def finish(call: Callable[[], None]) -> None:
    """Calls what has an event loop of its own, which Playwright leaves none for."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(call).result()


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = Server(folder / "lab")
        configure_jupyterlab(folder / "lab" / "config")
        logs = folder / "lab" / "work" / FOLDER
        for number in range(RUNS):
            write_run(logs / f"run{number}", TAGS, STEPS)
        asyncio.run(server.start())
        ways = {
            "click": lambda: by_click(server),
            "command": lambda: by_command(logs, folder),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        try:
            for turn in range(ROUNDS):
                for name in sorted(ways, reverse=turn % 2 == 1):
                    taken[name].append(ways[name]())
        finally:
            asyncio.run(server.lab.stop())
    for kind, of in (("least", min), ("median", statistics.median)):
        ours, peer = of(taken["click"]), of(taken["command"])
        show(f"click -> first curve, {kind} of {ROUNDS}", f"{ours:.2f} s",
             f"tensorboard and a browser {peer:.2f} s", ours / peer)  # fmt: skip


if __name__ == "__main__":
    main()
