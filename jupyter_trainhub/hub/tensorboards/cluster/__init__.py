"""TensorBoards in the cluster: pods that mount log folders read-only."""

from jupyter_trainhub.hub.tensorboards.cluster.manager import ClusterTensorBoards, cluster_id

__all__ = ["ClusterTensorBoards", "cluster_id"]
