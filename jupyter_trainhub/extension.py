"""TrainHub as an extension of the Jupyter server."""

from __future__ import annotations

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
from jupyter_trainhub.server.websocket_proxy import (
    IdeWebSocketHandler,
    InstanceWebSocketHandler,
    WebSocketMatches,
)


class TrainHub(ExtensionApp):
    """Dev instances, distributed jobs and TensorBoard on Kubernetes, from inside JupyterLab."""

    name = "trainhub"
    handlers = HANDLERS
    classes = [*ExtensionApp.classes, TrainHubConfig]  # noqa: RUF012 (traitlets' own way)

    service: Service

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

    async def stop_extension(self) -> None:
        """Ends what was started for live data. Jobs, instances and TensorBoards go on."""
        await self.service.stop()
