"""``trainhub snapshotter``: saves users' instances by Jobs on their nodes, for administrators."""

from __future__ import annotations

import logging
import signal
import threading
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.errors import InvalidField

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub


def add_parsers(commands: Any, where: ArgumentParser) -> None:
    """Add the command; ``where`` names a cluster."""
    parser = commands.add_parser(
        "snapshotter",
        parents=[where],
        help="save users' instances by Jobs on their nodes, for administrators",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAMESPACE",
        help="a namespace of users; may be repeated; default: all",
    )


def snapshotter(options: Namespace) -> int:
    """``trainhub snapshotter``: runs until it is terminated."""
    from jupyter_trainhub.cli import commands
    from jupyter_trainhub.hub.cluster import choose_cluster, connect
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.images.snapshots.snapshotter import Snapshotter

    config = commands.configured(options)
    if not config.snapshotter_image:
        raise InvalidField(
            "no image is set for the Jobs that read instances",
            field="snapshotter_image",
            remedy="Set TrainHubConfig.snapshotter_image.",
        )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    choice = choose_cluster(config)

    def hub(namespace: str, user: str) -> Hub:
        own = type(config)(**{**config.trait_values(), "namespace": namespace})
        return Hub(connect(own, choice), own, choice, user)

    own = hub(options.namespace or config.snapshotter_namespace, "snapshotter")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    Snapshotter(own.client, hub, options.only).run(stopping)
    return 0
