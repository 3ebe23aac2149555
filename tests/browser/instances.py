"""Dev instances that tests begin with, made as a script makes them, and gone at their end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tornado.httpclient import HTTPClientError

from examples.headless_jupyterlab import JupyterLab
from tests.browser.conftest import finish
from tests.browser.trainhub_page import INSTANCE_MILLISECONDS
from tests.conftest import eventually


@contextmanager
def instance(
    lab: JupyterLab, name: str, *, wait: bool = True, **fields: Any
) -> Iterator[dict[str, Any]]:
    """A small instance; its view once it can be entered, or at once without ``wait``."""
    spec = {"name": name, "cpus": 0.25, "memory": "512Mi", **fields}
    with deleted_at_the_end(lab, name):
        made = finish(lab.request("POST", "trainhub/api/instances", spec))
        yield (running(lab, name) if wait else made)


@contextmanager
def deleted_at_the_end(lab: JupyterLab, *names: str) -> Iterator[None]:
    """Instances that a test makes, or may leave behind when it fails."""
    try:
        yield
    finally:
        for name in names:
            with suppress(HTTPClientError):
                finish(lab.request("DELETE", f"trainhub/api/instances/{name}"))


def view(lab: JupyterLab, name: str) -> dict[str, Any]:
    """An instance as the server sees it."""
    found: dict[str, Any] = finish(lab.request("GET", f"trainhub/api/instances/{name}"))
    return found


def running(lab: JupyterLab, name: str) -> dict[str, Any]:
    """The view of an instance once it can be entered."""

    def look() -> dict[str, Any] | None:
        now = view(lab, name)
        return now if now["phase"] == "Running" and now["ready"] else None

    found: dict[str, Any] = eventually(look, INSTANCE_MILLISECONDS / 1000)
    return found
