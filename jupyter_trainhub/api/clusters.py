"""``th.cluster``: the cluster that is used, and the embedded one where none is configured."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.api import session
from jupyter_trainhub.hub.cluster import EmbeddedCluster, choose_cluster
from jupyter_trainhub.hub.tables import nodes_table
from jupyter_trainhub.hub.views import Views
from jupyter_trainhub.widgets.still import table_html


class Cluster:
    """The cluster behind ``th.jobs`` and ``th.instances``."""

    def start(self) -> dict[str, Any]:
        """Connect to the cluster, starting the embedded one where none is configured; its status.

        The embedded cluster outlives this kernel. Raises ClusterUnavailable.
        """
        session.forget_hub()
        return session.hub().status()

    def status(self) -> dict[str, Any]:
        """Name, server, namespace, whether it is embedded, and its state. Starts nothing."""
        config = session.config()
        choice = choose_cluster(config)
        if choice.embedded and EmbeddedCluster(config).status()["state"] != "running":
            return {"name": choice.name, "embedded": True, "state": "stopped"}
        return session.hub().status()

    def stop(self) -> bool:
        """End the embedded cluster and all that runs on it, keeping its objects; whether it ran."""
        session.forget_hub()
        return EmbeddedCluster(session.config()).stop()

    @property
    def nodes(self) -> Views:
        """The nodes: what each offers, what is requested of it, and by which pods."""
        return session.hub().nodes.list()

    def __repr__(self) -> str:
        status = self.status()
        return f"<Cluster {status['name']} {status['state']}>"

    def _repr_html_(self) -> str:
        if self.status()["state"] != "ready":
            return ""
        return table_html(nodes_table(self.nodes))
