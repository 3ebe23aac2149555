"""How much of the cluster is in use, in a cell's output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.tables import nodes_table
from jupyter_trainhub.widgets.served import Served
from jupyter_trainhub.widgets.still import table_html

_SHOWN = ("name", "ready", "cpu", "memory", "gpu")


class ClusterMeter(Served):
    """Bars for CPUs, memory and GPUs of each node, refreshed while they are on the screen."""

    def __init__(self, running: Callable[[], Hub | None]) -> None:
        """``running`` gives the cluster's hub, None for an embedded cluster that does not run."""
        self._running = running
        super().__init__("cluster", "cluster", {"nodes": []}, {"refresh": self._look})

    def html(self) -> str:
        """The state as HTML."""
        return table_html(nodes_table(self.view["nodes"]))

    def text(self) -> str:
        """The state as text."""
        return nodes_table(self.view["nodes"]).text()

    def display_begun(self) -> None:
        # An output that says why beats an error in place of it.
        self._answer(self._look)

    def _look(self) -> dict[str, Any]:
        hub = self._running()
        nodes = hub.nodes.list() if hub else []
        return {"nodes": [{key: node[key] for key in (*_SHOWN, "pods")} for node in nodes]}
