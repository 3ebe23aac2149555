"""The cluster's process: store, API server, controllers, scheduler and node, in one event loop."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import ssl
import sys
import time
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from traitlets import Dict as DictTrait
from traitlets import Integer, List
from traitlets.config import Application

from . import certificate, kubeconfig, lifecycle, private_file
from .apimachinery import clock
from .apiserver import events, kubernetes_service, local_registry_hosting, roles
from .apiserver.admission import priority
from .apiserver.authentication import Authenticator
from .apiserver.authorization import Authorizer
from .apiserver.customresources import Definitions
from .apiserver.filters import Filters
from .apiserver.handler import Context
from .apiserver.registry import Registry
from .apiserver.server import application
from .apiserver.store import Store, StoreUnusable
from .apiserver.tokens import TokenIssuer
from .controllers import Controller
from .controllers.clusterrole_aggregation import ClusterRoleAggregationController
from .controllers.customresourcedefinition import CustomResourceDefinitionController
from .controllers.garbage import GarbageCollector
from .controllers.job import JobController
from .controllers.namespace import NamespaceController
from .controllers.persistentvolume import PersistentVolumeController
from .controllers.resourcequota import ResourceQuotaController
from .controllers.serviceaccount import ServiceAccountController
from .controllers.statefulset import StatefulSetController
from .controllers.tainteviction import TaintEvictionController
from .kubelet import node
from .kubelet.images import Images
from .kubelet.kubelet import Kubelet
from .kubelet.pulling import Puller
from .runtime import image_store, processes, trial
from .scheduler.scheduler import Scheduler

log = logging.getLogger(__name__)

_CONTROLLERS: tuple[type[Controller], ...] = (
    NamespaceController, GarbageCollector, JobController, StatefulSetController,
    ResourceQuotaController, ClusterRoleAggregationController,
    TaintEvictionController, CustomResourceDefinitionController, Scheduler,
)  # fmt: skip

# How often (seconds) the process looks whether it is still needed, and sweeps old events.
_HOUSEKEEPING = 15.0

# How often it looks, 20 ms apart, whether the last request has ended before it ends itself.
_LAST_LOOKS = 50


class EmbeddedCluster(Application):
    """A Kubernetes for this machine."""

    name = "trainhub-cluster"
    description = "TrainHub's embedded cluster: a small Kubernetes for one Linux machine."

    nodes = List(
        DictTrait(),
        config=True,
        help=(
            "Pretend nodes beside this machine, to try scheduling: "
            "[{'name': 'gpu-1', 'cpus': '120', 'memory': '960Gi', 'gpus': 8, "
            "'gpu_model': 'A800', 'labels': {}, 'taints': []}]. Their pods are real processes of "
            "this machine; only the scheduler accounts for them apart."
        ),
    )
    idle_timeout = Integer(
        3600,
        config=True,
        help=(
            "Seconds after which the cluster ends by itself when no pod runs, nobody is connected "
            "and nothing was asked. 0: never."
        ),
    )
    port = Integer(0, config=True, help="Port on 127.0.0.1; 0: any free one, kept over restarts.")

    def start(self) -> None:
        """Run until stopped; returns at once when the cluster runs already."""
        home = lifecycle.directory()
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lacking = trial.missing(home)
        if lacking:
            raise SystemExit("\n".join(lacking))
        if lifecycle.lock(home) is None:
            return
        asyncio.run(self._serve(home))

    async def _serve(self, home: Path) -> None:
        store = Store(home / "store.sqlite")
        Definitions(store)
        crt, key = certificate.ensure(home)
        registry = Registry(store, TokenIssuer(store, key))
        images = _images(home)
        kubelet = Kubelet(registry, home, images, hide=(str(home),))
        server, address = self._listen(home, store, registry, kubelet, images, crt, key)
        context: Context = server.request_callback.settings["context"]  # type: ignore[union-attr]
        controllers = [controller(registry) for controller in _CONTROLLERS]
        controllers.append(ServiceAccountController(registry, crt.read_text()))
        controllers.append(PersistentVolumeController(registry, home / "volumes"))
        for controller in controllers:
            controller.resync()
        shapes = [node.this_machine(), *map(node.NodeShape.parse, self.nodes)]
        node.register(registry, shapes, images.listed())
        roles.ensure(registry)
        priority.ensure(registry)
        kubernetes_service.ensure(registry, address)
        local_registry_hosting.ensure(registry, address)
        kubelet.start()
        (home / "port").write_text(address.rpartition(":")[2])
        kubeconfig.write(home)
        _write_record(home, address)
        log.info("serving on https://%s", address)
        # What lives as long as the process need not be looked at by every collection.
        gc.collect()
        gc.freeze()
        await self._until_stopped(context, kubelet, registry, images)
        await _shut_down(home, server, context, kubelet)
        images.close()

    def _listen(
        self,
        home: Path,
        store: Store,
        registry: Registry,
        kubelet: Kubelet,
        images: Images,
        crt: Path,
        key: Path,
    ) -> tuple[HTTPServer, str]:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(crt, key)
        sockets = _bind(self.port or _last_port(home), fallback=not self.port)
        address = f"127.0.0.1:{sockets[0].getsockname()[1]}"
        authenticator = Authenticator(kubeconfig.tokens(home), registry.tokens)
        filters = Filters(authenticator, Authorizer(store))
        context = Context(
            store, registry, kubelet, images, filters, address,
            last_request=time.monotonic(), now=time.monotonic,
        )  # fmt: skip
        app = application(context)
        app.settings["context"] = context
        server = HTTPServer(
            app, ssl_options=tls, max_body_size=16 << 20, idle_connection_timeout=300
        )
        server.add_sockets(sockets)
        return server, address

    async def _until_stopped(
        self, context: Context, kubelet: Kubelet, registry: Registry, images: Images
    ) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.set_exception_handler(_unhandled(stop))
        period = min(_HOUSEKEEPING, self.idle_timeout / 4 or _HOUSEKEEPING)
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), period)
            except asyncio.TimeoutError:
                events.sweep(registry)
                images.sweep_now_and_then()
                node.update_images(registry, images.listed())
            idle = time.monotonic() - context.last_request
            in_use = context.open_requests or kubelet.busy()
            if self.idle_timeout and not in_use and idle > self.idle_timeout:
                log.info("nothing ran and nobody asked for %d s: ending", idle)
                return


async def _shut_down(home: Path, server: HTTPServer, context: Context, kubelet: Kubelet) -> None:
    await kubelet.shut_down()
    server.stop()
    # Watches and followed logs end with their connections; each notices in its own time.
    await server.close_all_connections()
    for _ in range(_LAST_LOOKS):
        if not context.open_requests:
            break
        await asyncio.sleep(0.02)
    (home / "cluster.json").unlink(missing_ok=True)
    context.store.close()


def _images(home: Path) -> Images:
    store = image_store.of_cluster(home)
    store.keep_host()
    return Images(store, Puller(store))


def _unhandled(stop: asyncio.Event) -> Any:
    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, StoreUnusable):
            # Nothing that would be decided now could be kept. What runs goes on running.
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
        loop.default_exception_handler(context)

    return handle


def _bind(port: int, fallback: bool) -> list[Any]:
    try:
        return bind_sockets(port, "127.0.0.1")
    except OSError as error:
        if not fallback:
            raise SystemExit(
                f"EmbeddedCluster.port: 127.0.0.1:{port} cannot be had ({error}); choose another "
                "or 0 for any"
            ) from error
        return bind_sockets(0, "127.0.0.1")


def _last_port(home: Path) -> int:
    # Clients that are connected find a restarted cluster where it was.
    try:
        return int((home / "port").read_text())
    except (OSError, ValueError):
        return 0


def _write_record(home: Path, address: str) -> None:
    record = {
        "pid": os.getpid(),
        "start": processes.start_time(os.getpid()),
        "server": f"https://{address}",
        "started": clock.now(),
    }
    private_file.write(home / "cluster.json", json.dumps(record))


def main() -> None:
    """Entry point of ``python -m jupyter_trainhub.embedded``."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    from jupyter_core.paths import jupyter_config_path

    app = EmbeddedCluster.instance()
    app.load_config_file("jupyter_trainhub_config", path=jupyter_config_path())
    app.initialize(sys.argv[1:])
    try:
        app.start()
    except (StoreUnusable, ValueError) as error:
        raise SystemExit(str(error)) from error
