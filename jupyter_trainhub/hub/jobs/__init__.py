"""Training jobs of a namespace."""
