"""Programs that run inside pods, each a single file that needs only the standard library.

They are shipped as text, so nothing outside this package imports them: see :func:`program`.
"""

from __future__ import annotations

import re
from importlib.resources import files

# Programs that are too long for one module: a folder here, shipped as one file all the same.
_PARTS = {
    "rootfs_diff.py": (
        "opening", "mounts", "start", "globs", "secrets", "walk", "written", "measurement", "entry",
        "layer", "__main__",
    )
}  # fmt: skip
_IMPORT_OF_A_PART = re.compile(r"^from \.\w+ import (?:\([^)]*\)|.*)\n", re.MULTILINE)


def program(name: str) -> bytes:
    """The file ``name`` of this package (``launch.py``, ``run_notebook.py``) as it is shipped.

    Raises FileNotFoundError when there is no such program.
    """
    if name not in _PARTS:
        return files(__name__).joinpath(name).read_bytes()
    folder = files(__name__).joinpath(name.removesuffix(".py"))
    parts = [folder.joinpath(f"{part}.py").read_text("utf-8") for part in _PARTS[name]]
    return _IMPORT_OF_A_PART.sub("", "\n".join(parts)).encode()
