"""The ``trainhub`` command."""
