"""What is not a request and an answer: logs, commands, terminals, and connections to pods.

These handlers stand on the API's own (`server.ApiHandler`), which checks every request before it
gets here.
"""

from __future__ import annotations

from typing import Any

from .attach import AttachHandler
from .exec import ExecHandler
from .logs import LogHandler
from .node_proxy import NodeProxyHandler
from .portforward import PortForwardHandler
from .proxy import ProxyHandler

_POD = r"/api/v1/namespaces/([^/]+)/pods/([^/]+)"


def routes(shared: dict[str, Any]) -> list[tuple[str, type, dict[str, Any]]]:
    """Paths and their handlers, which get ``shared``."""
    return [
        (rf"{_POD}/attach", AttachHandler, shared),
        (rf"{_POD}/exec", ExecHandler, shared),
        (rf"{_POD}/log", LogHandler, shared),
        (rf"{_POD}/portforward", PortForwardHandler, shared),
        (r"/api/v1/namespaces/([^/]+)/(pods|services)/([^/]+)/proxy(?:/.*)?", ProxyHandler, shared),
        (r"/api/v1/nodes/([^/]+)/proxy(/.*)?", NodeProxyHandler, shared),
    ]
