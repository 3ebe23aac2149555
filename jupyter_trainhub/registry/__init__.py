"""Container images outside of a cluster: their names, and what archives and registries hold."""
