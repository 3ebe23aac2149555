"""Which modules the Python of an image can import: looked up once for each digest, and kept."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypedDict

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, TrainHubError
from jupyter_trainhub.hub.images.default import HOST, default_image
from jupyter_trainhub.hub.images.look import Look
from jupyter_trainhub.hub.images.naming import reference
from jupyter_trainhub.hub.images.registries.manager import Registries
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.inpod import program
from jupyter_trainhub.manifests import foreign_json
from jupyter_trainhub.registry.failures import RegistryError

# By the name under which jobs start their programs.
_COMMAND = ["python", "-c", program("modules.py").decode()]
# Images whose modules are kept, some kilobytes each.
_MOST = 200
# Seconds for which the modules are believed of what has no digest, such as the machine itself, or
# another one on its node than in its registry.
_FRESH = 300.0


class Modules(TypedDict):
    """What REST shows. ``modules`` are names of the top level, without Python's own.

    ``python`` is a version such as ``3.11.2``; None, with a ``message``, for an image without
    Python. While the ``state`` is ``unknown`` there are none; ``instant`` says that a look would
    pull nothing, as on the machine itself.
    """

    image: str
    digest: str | None
    state: Literal["known", "unknown"]
    python: str | None
    modules: list[str]
    message: str | None
    instant: bool


class ImageModules:
    """The modules of images. Methods may be called by any thread, and block."""

    def __init__(
        self,
        config: TrainHubConfig,
        nodes: Nodes,
        registries: Registries,
        look: Look,
        folder: Path | None = None,
    ) -> None:
        """``folder`` is where they are kept; the user's cache where none is named."""
        self._config = config
        self._nodes = nodes
        self._registries = registries
        self._look = look
        self._folder = folder or cache_folder()
        self._lock = threading.Lock()
        self._lately: dict[tuple[str, str | None], tuple[float, Modules]] = {}

    def known(self, image: str) -> Modules:
        """What is known of ``image``, or of the site's own for an empty name, without a pod.

        Raises InvalidField for what is no name of an image.
        """
        name = image or self._default()
        digest = self._digest(name)
        kept = (self._read(digest) if digest else None) or self._remembered(name, digest)
        if kept is not None:
            return {**kept, "image": name}
        return _modules(name, digest, state="unknown")

    def look(self, image: str, cancelled: Callable[[], bool] = lambda: False) -> Modules:
        """The same by a pod of the image. Raises as :meth:`Look.into` does."""
        name = image or self._default()
        seen = self._look.into(name, _COMMAND, kind="modules", cancelled=cancelled)
        if seen.text is None:
            found = _modules(name, seen.digest, message="the image has no program python")
        else:
            python, modules = _parsed(seen.text)
            found = _modules(name, seen.digest, python=python, modules=modules)
        # The machine has one digest for ever, whatever is installed on it.
        if seen.digest and name != HOST:
            self._keep(seen.digest, found)
        key, now = (name, self._digest(name)), time.monotonic()
        with self._lock:
            fresh = {of: it for of, it in self._lately.items() if now - it[0] < _FRESH}
            self._lately = {**fresh, key: (now, found)}
        return found

    def _default(self) -> str:
        return default_image(self._config.default_image, self._nodes.visible())

    def _remembered(self, name: str, digest: str | None) -> Modules | None:
        with self._lock:
            at, found = self._lately.get((name, digest), (0.0, None))
        return found if found is not None and time.monotonic() - at < _FRESH else None

    def _digest(self, name: str) -> str | None:
        """What the registry calls the image, else what a node that has it calls it."""
        if name == HOST:
            return None
        image = reference(name, "name")
        if image.digest:
            return image.digest
        with contextlib.suppress(RegistryError, TrainHubError):
            found = self._registries.glance(name, "name").resolve(image.tag)
            if found is not None:
                return found.digest
        for node in self._nodes.visible():
            for entry in node.get("status", {}).get("images") or []:
                names = entry.get("names") or []
                digests = [known.partition("@")[2] for known in names if "@" in known]
                if digests and {name, str(image)} & set(names):
                    return str(digests[0])
        return None

    def _read(self, digest: str) -> Modules | None:
        try:
            kept = json.loads(self._path(digest).read_text(encoding="utf-8"))
            return _modules(
                "", digest, python=kept["python"], modules=kept["modules"], message=kept["message"]
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, digest: str, found: Modules) -> None:
        # A cache that cannot be written is no reason to keep the answer back.
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", dir=self._folder, encoding="utf-8", delete=False
            ) as part:
                json.dump(found, part)
            os.replace(part.name, self._path(digest))
            kept = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime)
            for path in kept[:-_MOST]:
                path.unlink()

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest.replace(':', '-')}.json"


def cache_folder() -> Path:
    """Where the modules of images are kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "jupyter-trainhub", "modules")


def _modules(
    image: str,
    digest: str | None,
    *,
    state: Literal["known", "unknown"] = "known",
    python: str | None = None,
    modules: list[str] | None = None,
    message: str | None = None,
) -> Modules:
    return Modules(
        image=image,
        digest=digest,
        state=state,
        python=python,
        modules=modules or [],
        message=message,
        instant=image == HOST,
    )


def _parsed(text: str) -> tuple[str, list[str]]:
    """What the program printed, which may follow words of the image's own."""
    for line in reversed(text.splitlines()):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found: Any = foreign_json.parse(line)
            return str(found["python"]), [str(name) for name in found["modules"]]
    raise Conflict(
        "the Python of the image did not tell what it can import",
        reason="NotTold",
        field="name",
        remedy="Use an image with Python 3.8 or newer.",
        details={"raw": text[-2000:]},
    )
