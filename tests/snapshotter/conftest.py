from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.distribution import Distribution
from tests.snapshotter.containerd import Containerd, lacking
from tests.snapshotter.site import Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if why := lacking():
        pytest.skip(why)
    server = Distribution(tmp_path_factory.mktemp("registry")).start()
    runtime = Containerd(tmp_path_factory.mktemp("containerd")).start()
    yield Site(server, runtime)
    runtime.stop()
    server.stop()
