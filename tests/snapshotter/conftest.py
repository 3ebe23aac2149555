from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.distribution import Distribution
from tests.snapshotter.containerd import Containerd, lacking
from tests.snapshotter.site import Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if why := lacking():
        pytest.skip(why)
    server = Distribution(tmp_path_factory.mktemp("registry")).start()
    with tempfile.TemporaryDirectory() as folder:
        # Containers with users of their own find their way through it.
        os.chmod(folder, 0o711)
        runtime = Containerd(Path(folder)).start()
        yield Site(server, runtime)
        runtime.stop()
    server.stop()
