"""Registries as one user reaches them: where they answer, by which TLS, with what password."""
