"""Images for other tools, described by our own `compose`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_trainhub.registry.composition import compose
from jupyter_trainhub.registry.manifest import this_platform
from tests.registry.packing import Layout, digest

_LAYER = "application/vnd.oci.image.layer.v1.tar"


def oci_layout(folder: Path, *layers: bytes, **config: Any) -> Path:
    """Write the image `image` of layers as an OCI layout."""
    layout = Layout()
    system, architecture = this_platform()
    document, media_type, configuration = compose(
        {},
        {"os": system, "architecture": architecture},
        [{**layout.blob(layer, _LAYER), "diff_id": digest(layer)} for layer in layers],
        keep=0,
        created="2024-01-01T00:00:00Z",
        history="a test",
        labels={},
        config=config,
    )
    layout.blob(configuration, "")
    notes = {"org.opencontainers.image.ref.name": "image"}
    layout.manifests.append({**layout.blob(document, media_type), "annotations": notes})
    return layout.folder(folder)
