"""What a page loads and complains of."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Page, Response

TENSORBOARDS = "/trainhub/tensorboards/"


class Traffic:
    """Every response to a page and its frames from now on, and every error in its console."""

    def __init__(self, page: Page) -> None:
        self.responses: list[Response] = []
        self.errors: list[str] = []
        page.on("response", lambda response: self.responses.append(response))
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @property
    def of_tensorboards(self) -> list[Response]:
        """The responses of TensorBoards, which come through the proxy."""
        return [
            response
            for response in self.responses
            if TENSORBOARDS in response.url and "/trainhub/api/" not in response.url
        ]

    def expect_no_failure(self) -> None:
        """No response was an error, of TensorBoards or of TrainHub, and no script complained."""
        failed = [
            f"{response.status} {response.request.method} {response.url}"
            for response in self.responses
            if response.status >= 400
        ]
        assert not failed, failed
        assert not self.errors, self.errors

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location['url']})")
