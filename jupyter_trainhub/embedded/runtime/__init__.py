"""The container runtime: processes of this machine, kept apart."""
