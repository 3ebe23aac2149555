"""``nodes/proxy``: the pages of kubelets, of which there are those about what pods use."""

from __future__ import annotations

from ...apimachinery.resources import NODES
from ..handler import ApiHandler


class NodeProxyHandler(ApiHandler):
    """Answers in the place of the kubelet's own server."""

    async def get(self, node: str, page: str | None) -> None:
        self.context.store.get(NODES, "", node)
        kubelet = self.context.kubelet
        if page == "/stats/summary":
            self.answer(await kubelet.summary(node))
        elif page == "/metrics/cadvisor":
            text = await kubelet.cadvisor(node)
            self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.finish(text)
        else:
            self.set_status(404)
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish("404 page not found\n")
