"""TrainHub as an extension of the Jupyter server."""

from __future__ import annotations

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.utils import url_path_join
from tornado.routing import Rule

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.server.connection import Connector
from jupyter_trainhub.server.events.emitter import SCHEMA
from jupyter_trainhub.server.routes import HANDLERS, INSTANCE_PATH
from jupyter_trainhub.server.service import Service
from jupyter_trainhub.server.websocket_proxy import InstanceWebSocketHandler, WebSocketMatches


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

    def initialize_handlers(self) -> None:
        """Adds the websocket beside the HTTP routes, which share one address."""
        assert self.serverapp is not None
        application = self.serverapp.web_app
        pattern = url_path_join(application.settings["base_url"], INSTANCE_PATH)
        rule = Rule(WebSocketMatches(pattern), InstanceWebSocketHandler)
        application.add_handlers(".*$", [rule])  # type: ignore[no-untyped-call]

    async def stop_extension(self) -> None:
        """Ends what was started for live data. Jobs, instances and TensorBoards go on."""
        await self.service.stop()
