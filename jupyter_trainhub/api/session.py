"""Where this program runs: its hub, its Jupyter server, its notebook."""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from jupyter_trainhub.config import TrainHubConfig, load_config
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.cluster import EmbeddedCluster, choose_cluster
from jupyter_trainhub.hub.hub import Hub

_lock = threading.Lock()
_hub: Hub | None = None


def config() -> TrainHubConfig:
    """The configuration of this user, read anew."""
    return load_config()


def hub() -> Hub:
    """The hub of this process, connected at the first use. Raises ClusterUnavailable."""
    global _hub
    with _lock:
        if _hub is None:
            _hub = Hub.connect(load_config())
        return _hub


def running_hub() -> Hub | None:
    """:func:`hub` where that starts nothing; None while an embedded cluster does not run.

    Raises ClusterUnavailable.
    """
    settings = config()
    if _hub is None and choose_cluster(settings).embedded:
        runs = EmbeddedCluster(settings).status()["state"] == "running"
        return hub() if runs else None
    return hub()


def in_notebook() -> bool:
    """Whether a front end that can show widgets displays what this process prints."""
    return cell() is not None


def cell() -> int | None:
    """The number of the notebook's cell that runs or ran last; None in other programs."""
    if "IPython" not in sys.modules:
        return None
    shell = sys.modules["IPython"].get_ipython()
    return int(shell.execution_count) if hasattr(shell, "kernel") else None


def forget_hub() -> None:
    """Connect anew at the next use, perhaps to another cluster."""
    global _hub
    with _lock:
        _hub = None


@dataclass(frozen=True)
class JupyterServer:
    """The Jupyter server to which this kernel belongs.

    ``url`` is where programs on this machine reach it, ``base_url`` the path below which browsers
    see it; both end with a slash. ``root`` is the folder that its file browser shows.
    """

    url: str
    base_url: str
    root: Path | None

    @classmethod
    def of_this_kernel(cls) -> JupyterServer | None:
        """The server that started this kernel; None in other programs.

        Jupyter's servers describe themselves in the runtime folder, in a file named by their
        process id, which is the kernel's parent.
        """
        parent = os.environ.get("JPY_PARENT_PID", "")
        if not parent.isdigit():
            return None
        from jupyter_core.paths import jupyter_runtime_dir

        try:
            text = Path(jupyter_runtime_dir(), f"jpserver-{parent}.json").read_text()
            description = json.loads(text)
            root = description.get("root_dir")
            return cls(description["url"], description["base_url"], Path(root) if root else None)
        except (OSError, ValueError, KeyError):
            return None

    def contents_path(self, file: Path) -> str | None:
        """The path of ``file`` in the file browser; None when it lies outside of it."""
        if self.root is None:
            return None
        try:
            return file.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return None


def shown_path(file: Path) -> str:
    """The path of ``file`` as Jupyter names it, so that others open it; else its own."""
    server = JupyterServer.of_this_kernel()
    return (server.contents_path(file) if server else None) or str(file)


def local_file(path: str) -> Path:
    """The file that a person means by ``path``: from here, or as Jupyter names it."""
    here = Path(path).expanduser().absolute()
    server = JupyterServer.of_this_kernel()
    if here.exists() or server is None or server.root is None:
        return here
    return server.root / path


def log_roots() -> list[Path]:
    """Where TensorBoard may look: what the file browser shows, and what the site adds.

    Outside of a kernel, the working folder and the home stand for the file browser's root.
    """
    server = JupyterServer.of_this_kernel()
    own = [server.root] if server is not None and server.root else [Path.cwd(), Path.home()]
    return [*own, *(Path(root) for root in config().log_roots)]


def this_notebook() -> Path:
    """The file of the notebook that this kernel belongs to.

    Jupyter's server tells it to the kernels that it starts for a notebook, by ``JPY_SESSION_NAME``.
    Raises InvalidField elsewhere, and after the notebook was renamed.
    """
    name = os.environ.get("JPY_SESSION_NAME", "")
    if name.endswith(".ipynb"):
        path = Path(name)
        server = JupyterServer.of_this_kernel()
        candidates = [path] if path.is_absolute() else [Path.cwd() / path.name]
        if not path.is_absolute() and server is not None and server.root is not None:
            candidates.insert(0, server.root / path)
        for candidate in candidates:
            if candidate.is_file():
                return candidate
    raise InvalidField(
        "which notebook this is cannot be told",
        field="notebook",
        remedy="Give its path: th.submit('train.ipynb').",
    )
