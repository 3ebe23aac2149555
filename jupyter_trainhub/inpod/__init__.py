"""Programs that run inside pods, each a single file that needs only the standard library.

They are shipped as text, so nothing outside this package imports them: see :func:`program`.
"""

from __future__ import annotations

from importlib.resources import files


def program(name: str) -> bytes:
    """The file ``name`` of this package (``launch.py``, ``run_notebook.py``) as it is shipped.

    Raises FileNotFoundError when there is no such program.
    """
    return files(__name__).joinpath(name).read_bytes()
