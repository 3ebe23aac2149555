"""Programs that run inside pods, each a single file that needs only the standard library.

They are shipped as text, so nothing outside this package imports them: see :func:`program`.
"""

from __future__ import annotations

import re
from importlib import resources

# Programs that are too long for one module: a folder here, shipped as one file all the same. A part
# that starts with ".." is one that several programs share.
_PARTS = {
    "launch.py": (
        "../log_record", "../python_traceback", "../lost_peer", "ending", "rank_errors", "shape",
        "command", "torchrun", "processes", "supervisor", "connection", "peers", "tee",
        "environment", "remote_shell", "mpi", "files", "setup", "event_file", "log_folders",
        "scalars", "__main__",
    ),
    "run_notebook.py": (
        "../log_record", "../python_traceback", "../value_encoding", "../value_decoding", "speech",
        "cells", "compiler", "constants", "event_loop", "expansion", "figures", "files", "kernel",
        "main_module", "selection", "replay", "failure", "result", "running", "__main__",
    ),
    "stand_in.py": ("../log_record", "../progress", "package"),
    "files.py": ("opening", "archive", "__main__"),
    "rootfs_diff.py": (
        "opening", "mounts", "start", "globs", "secrets", "walk", "written", "measurement", "entry",
        "layer", "__main__",
    ),
    "serve_tensorboard.py": (
        "failure", "importing", "limits", "log_folder", "activity", "state_file", "event_files",
        "broken_files", "data_server", "loader", "__main__",
    ),
}  # fmt: skip
_IMPORT_OF_A_PART = re.compile(r"^from \.\.?\w+ import (?:\([^)]*\)|.*)\n", re.MULTILINE)
_ANNOTATIONS = "from __future__ import annotations\n"  # must stand before anything else


def program(name: str) -> bytes:
    """The file ``name`` of this package (``launch.py``, ``run_notebook.py``) as it is shipped.

    Raises FileNotFoundError when there is no such program.
    """
    if name not in _PARTS:
        return resources.files(__name__).joinpath(name).read_bytes()
    here = resources.files(__name__)
    folder = here.joinpath(name.removesuffix(".py"))
    parts = [
        (here if part.startswith("../") else folder)
        .joinpath(f"{part.removeprefix('../')}.py")
        .read_text("utf-8")
        for part in _PARTS[name]
    ]
    text = _IMPORT_OF_A_PART.sub("", "\n".join(parts))
    first = _ANNOTATIONS if _ANNOTATIONS in text else ""
    return (first + text.replace(_ANNOTATIONS, "")).encode()
