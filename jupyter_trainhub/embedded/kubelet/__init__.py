"""The node: pods become containers."""
