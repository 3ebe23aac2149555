"""Opens addresses in the browser."""

from __future__ import annotations

import webbrowser
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_core.paths import jupyter_runtime_dir


def show(address: str) -> None:
    """Opens an ``address`` that holds a secret.

    By a page of this user's that leads there, as Jupyter's own addresses with tokens are opened:
    other users of a machine can read the arguments that browsers are started with.
    """
    page = Path(jupyter_runtime_dir(), f"trainhub-open-{urlsplit(address).port}.html")
    page.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    page.touch(mode=0o600)
    page.write_text(f'<meta http-equiv="refresh" content="0; url={escape(address)}">\n')
    webbrowser.open(page.absolute().as_uri())
