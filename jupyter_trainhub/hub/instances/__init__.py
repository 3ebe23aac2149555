"""Dev instances: created, found, changed, stopped, started, deleted."""
