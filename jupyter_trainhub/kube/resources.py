"""The resources that TrainHub uses, and where the API server serves them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from jupyter_trainhub.errors import NotFound

# HTTP clients and servers take these out of paths: what is left names all objects of a kind.
_NO_NAMES = ("", ".", "..")


@dataclass(frozen=True)
class Resource:
    """A resource of the Kubernetes API: its API version, plural name and scope."""

    version: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of the collection, of one object, or of a part of an object.

        Raises NotFound for what would be read as another path.
        """
        if name in _NO_NAMES:
            raise NotFound(
                f"nothing is called {name!r}", field="name", remedy="Name one that is listed."
            )
        root = "/api" if "/" not in self.version else "/apis"
        parts = [root, self.version]
        if self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts += [self.plural]
        parts += [quote(part, safe="") for part in (name, subresource) if part is not None]
        return "/".join(parts)


NAMESPACES = Resource("v1", "namespaces", namespaced=False)
NODES = Resource("v1", "nodes", namespaced=False)
PODS = Resource("v1", "pods")
SERVICES = Resource("v1", "services")
CONFIG_MAPS = Resource("v1", "configmaps")
SECRETS = Resource("v1", "secrets")
EVENTS = Resource("v1", "events")
RESOURCE_QUOTAS = Resource("v1", "resourcequotas")
LIMIT_RANGES = Resource("v1", "limitranges")
STATEFUL_SETS = Resource("apps/v1", "statefulsets")
JOBS = Resource("batch/v1", "jobs")
PERSISTENT_VOLUME_CLAIMS = Resource("v1", "persistentvolumeclaims")
STORAGE_CLASSES = Resource("storage.k8s.io/v1", "storageclasses", namespaced=False)
PYTORCH_JOBS = Resource("kubeflow.org/v1", "pytorchjobs")
MPI_JOBS = Resource("kubeflow.org/v2beta1", "mpijobs")
TRAIN_JOBS = Resource("trainer.kubeflow.org/v1alpha1", "trainjobs")
