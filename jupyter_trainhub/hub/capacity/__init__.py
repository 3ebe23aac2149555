"""Whether something fits: room on nodes, quotas, and what the cluster itself says."""
