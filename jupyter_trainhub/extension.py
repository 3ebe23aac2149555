"""TrainHub as an extension of the Jupyter server."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.utils import url_path_join
from tornado.routing import PathMatches, Rule

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.server.connection import Connector
from jupyter_trainhub.server.events.emitter import SCHEMA
from jupyter_trainhub.server.instance_proxy import UnescapedAddressHandler
from jupyter_trainhub.server.routes import HANDLERS, IDE_PATH, LAB_PATH
from jupyter_trainhub.server.service import Service
from jupyter_trainhub.server.tensorboard_proxy import PREFIX
from jupyter_trainhub.server.websocket_proxy import (
    IdeWebSocketHandler,
    InstanceWebSocketHandler,
    WebSocketMatches,
)

# Where `%tensorboard` leads browsers to, `%PORT%` replaced (tensorboard's notebook.py).
_PROXY_URL = "TENSORBOARD_PROXY_URL"


class TrainHub(ExtensionApp):
    """Dev instances, distributed jobs and TensorBoard on Kubernetes, from inside JupyterLab."""

    name = "trainhub"
    handlers = HANDLERS
    classes = [*ExtensionApp.classes, TrainHubConfig]  # noqa: RUF012 (traitlets' own way)

    service: Service
    _proxy_url: str | None = None

    def connector(self, config: TrainHubConfig) -> Connector:
        """What connects to the cluster; a subclass may bring another."""
        return Connector(config)

    def initialize_settings(self) -> None:
        """Prepares the service, which starts nothing yet, and registers the event's schema."""
        assert self.serverapp is not None
        event_logger = self.serverapp.event_logger
        assert event_logger is not None
        event_logger.register_event_schema(SCHEMA)
        config = TrainHubConfig(parent=self)
        self.service = Service(config, self.connector(config), event_logger)
        if config.idle_timeout or config.idle_timeout_gpu:
            # Also where nobody opens TrainHub.
            self.serverapp.io_loop.add_callback(self.service.watch_idle)

    def initialize_handlers(self) -> None:
        """Adds the websockets beside the HTTP routes, which share addresses with them."""
        assert self.serverapp is not None
        application = self.serverapp.web_app
        base_url = application.settings["base_url"]
        rules = [
            Rule(WebSocketMatches(url_path_join(base_url, path)), handler)
            for path, handler in (
                (LAB_PATH, InstanceWebSocketHandler),
                (IDE_PATH, IdeWebSocketHandler),
            )
        ]
        unescaped = unquote(base_url)
        if unescaped != base_url:
            pattern = url_path_join(re.escape(unescaped), IDE_PATH)
            rules.append(Rule(PathMatches(pattern), UnescapedAddressHandler))
        application.add_handlers(".*$", rules)  # type: ignore[no-untyped-call]
        self._show_tensorboards(base_url)

    def _show_tensorboards(self, base_url: str) -> None:
        # The kernels of this server inherit it: see TensorBoardPortHandler.
        if _PROXY_URL not in os.environ:
            self._proxy_url = url_path_join(base_url, PREFIX, "port", "%PORT%", "/")
            os.environ[_PROXY_URL] = self._proxy_url

    async def stop_extension(self) -> None:
        """Ends what was started for live data. Jobs, instances and TensorBoards go on."""
        if self._proxy_url is not None and os.environ.get(_PROXY_URL) == self._proxy_url:
            del os.environ[_PROXY_URL]
        await self.service.stop()
