"""What a person sees of TrainHub in JupyterLab, and can do there."""

from __future__ import annotations

import uuid
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import FrameLocator, Locator, Page, Response, expect

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"

# A pod starts within seconds; on a busy machine, importing PyTorch in two of them takes longer.
JOB_MILLISECONDS = 180_000
INSTANCE_MILLISECONDS = 120_000
TENSORBOARD_MILLISECONDS = 60_000


class Server(Protocol):
    """A running Jupyter server."""

    @property
    def url(self) -> str:
        """Its address, which ends with a slash."""


class TrainHubPage:
    """JupyterLab in a browser tab, with a workspace of its own: no tab of another test is open."""

    def __init__(self, page: Page, lab: Server) -> None:
        self.page = page
        self._address = f"{lab.url}lab/workspaces/{uuid.uuid4().hex[:8]}"

    def open(self, path: str = "") -> None:
        """Load JupyterLab, with a file opened if `path` names one."""
        self.page.goto(self._address + (f"/tree/{path}" if path else ""))
        self._wait_until_loaded()

    def reload(self) -> None:
        """Close JupyterLab and open it again as it was left."""
        # JupyterLab saves its layout after a pause.
        with self.saving():
            self.page.keyboard.press("Control+b")
            self.page.keyboard.press("Control+b")
        self.page.goto(self._address)
        self._wait_until_loaded()

    def saving(self, text: str = "") -> AbstractContextManager[Any]:
        """Does what is within, and waits until a workspace that holds `text` is saved after it."""

        def is_saved(response: Response) -> bool:
            request = response.request
            return (
                "/lab/api/workspaces/" in response.url
                and request.method == "PUT"
                and text in (request.post_data or "")
            )

        return self.page.expect_response(is_saved)

    def keep(self, name: str) -> None:
        """Keep a screenshot of what is seen now in build/screenshots."""
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def _wait_until_loaded(self) -> None:
        # Until the layout is restored, tabs and panels come and go by themselves.
        self.page.wait_for_function("() => window.jupyterapp", timeout=60_000)
        self.page.evaluate("() => window.jupyterapp.restored.then(() => null)")

    # The panel.

    def show_panel(self) -> Locator:
        """The TrainHub panel on the left."""
        panel = self.page.locator("#trainhub-panel")
        if not panel.is_visible():
            self.page.locator('.jp-SideBar [data-id="trainhub-panel"]').click()
        expect(panel).to_be_visible()
        return panel

    def row(self, kind: str, name: str) -> Locator:
        """The row of an instance, a job or a TensorBoard in the panel."""
        return self.page.locator(
            f'#trainhub-panel [data-trainhub-kind="{kind}"][data-trainhub-name="{name}"]'
        )

    def choose(self, instance: str, item: str) -> None:
        """Choose from the menu of what else can be done to an instance."""
        self.row("instance", instance).get_by_role("button", name="More").click()
        self.page.get_by_role("menuitem", name=item).click()

    # Forms.

    def press_submit_as_job(self) -> Locator:
        """Press the button in the notebook's toolbar; the form that opens."""
        self.page.locator(
            ".jp-Notebook-toolbar:visible, .jp-NotebookPanel-toolbar:visible"
        ).locator(
            '[data-command="trainhub:submit-notebook"], [data-jp-item-name="trainhub-submit"]'
        ).first.click()
        return self.form("job")

    def form(self, kind: str) -> Locator:
        """The form of a job or an instance, once its fields are there."""
        form = self.page.locator(f'[data-trainhub-form="{kind}"]:visible')
        expect(self.field(form, "name")).to_be_visible()
        return form

    def field(self, form: Locator, name: str) -> Locator:
        """A field of a form: label, editor, help, error."""
        return form.locator(f'[data-trainhub-field="{name}"]').first

    def fill(self, form: Locator, **values: str) -> None:
        """Type or choose values, by the names of the fields."""
        for name, value in values.items():
            editor = self.field(form, name).locator("input, select, textarea").first
            if editor.evaluate("editor => editor.tagName") == "SELECT":
                editor.select_option(label=value)
            else:
                editor.fill(value)

    def send(self, form: Locator) -> None:
        """Press the form's own button."""
        form.locator('button[type="submit"]').click()

    def error(self, form: Locator, name: str) -> Locator:
        """What the form says against a field."""
        # A name has two: what is wrong as typed, and what the server says.
        return self.field(form, name).locator(".jp-TrainHub-fieldError:not([hidden])").first

    def new_instance(self) -> Locator:
        """Press "New instance" in the panel; the form that opens."""
        self.show_panel().get_by_role("button", name="New instance").click()
        return self.form("instance")

    def confirm(self, button: str) -> str:
        """Agree to what a dialog asks; its words."""
        dialog = self.page.get_by_role("dialog")
        words = dialog.inner_text()
        dialog.get_by_role("button", name=button, exact=True).click()
        expect(dialog).to_have_count(0)
        return words

    def notification(self, text: str) -> Locator:
        """A notification in the corner of the window."""
        return self.page.locator(".Toastify__toast").filter(has_text=text)

    # The file browser.

    def file(self, name: str) -> Locator:
        """A file or folder in the file browser."""
        named = self.page.get_by_text(name, exact=True)
        item = self.page.locator(".jp-DirListing-item").filter(has=named)
        if not self.page.locator("#filebrowser").is_visible():
            self.page.locator('.jp-SideBar [data-id="filebrowser"]').click()
        # What a job has just made is seen when the file browser looks the next time, each 10 s.
        expect(item).to_be_visible(timeout=60_000)
        return item

    def open_folder(self, name: str) -> None:
        """Go into a folder of the file browser."""
        self.file(name).dblclick()

    # Tabs.

    def job(self, name: str) -> Locator:
        """The page of a job."""
        return self.page.locator(f'[data-trainhub-job="{name}"]:visible')

    def log(self, name: str) -> Locator:
        """The log on the page of a job."""
        return self.job(name).get_by_role("log")

    def expect_phase(self, job: str, phase: str) -> None:
        """Wait until the page of a job shows a phase."""
        expect(self.job(job).locator("article")).to_have_attribute(
            "data-trainhub-phase", phase, timeout=JOB_MILLISECONDS
        )

    def instance_tab(self, name: str) -> Locator:
        """The tab of an instance."""
        return self.page.locator(f'[data-trainhub-instance="{name}"]:visible')

    def view(self, name: str, view: str) -> Locator:
        """Choose a view of an instance's tab, such as Terminal; what it shows."""
        tab = self.instance_tab(name)
        tab.get_by_role("tab", name=view, exact=True).click()
        return tab.get_by_role("tabpanel", name=view, exact=True)

    def expect_instance(self, name: str, phase: str) -> None:
        """Wait until the tab of an instance shows a phase."""
        expect(self.instance_tab(name).locator("article").first).to_have_attribute(
            "data-trainhub-phase", phase, timeout=INSTANCE_MILLISECONDS
        )

    def instance(self, name: str) -> FrameLocator:
        """The JupyterLab of an instance in its tab."""
        return self.view(name, "Lab").frame_locator("iframe")

    def open_in_tensorboard(self, folder: str) -> FrameLocator:
        """Right-click a folder in the file browser and open it; the TensorBoard in its tab."""
        return self.tensorboard_tab(folder).frame_locator("iframe")

    def tensorboard_tab(self, folder: str) -> Locator:
        """Right-click a folder in the file browser and open it; its tab, whatever it shows."""
        self.file(folder).click(button="right")
        self.page.get_by_role("menuitem", name="Open in TensorBoard").click()
        return self.page.locator(f'[data-trainhub-tensorboard="{folder}"]:visible')
