"""Which image runs when the user names none."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.manifests.labels import Object

# The embedded cluster's name for its machine itself, without any image.
HOST = "host"


def default_image(configured: str, nodes: Iterable[Object]) -> str:
    """The site's image: the configured one, else ``host`` where a node offers it.

    Raises InvalidField when there is neither.
    """
    if configured:
        return configured
    for node in nodes:
        for image in node.get("status", {}).get("images", []):
            if any(name in (HOST, f"{HOST}:latest") for name in image.get("names") or ()):
                return HOST
    raise InvalidField(
        "no image was named and the site has set none",
        field="image",
        remedy="Name a container image with Python and JupyterLab, or set "
        "TrainHubConfig.default_image.",
    )
