"""``%load_ext jupyter_trainhub``: ``%%distributed`` runs a cell on the cluster, ``%trainhub`` asks.

``distributed.py`` is the cell magic from its arguments to its value, ``line.py`` the line magic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load(shell: InteractiveShell) -> None:
    """Register the magics with IPython. Nothing is asked of the cluster."""
    from jupyter_trainhub.magics import registered

    known: Any = shell
    known.register_magics(registered.DistributedMagics, registered.LineMagics)
    known.set_hook("complete_command", registered.complete, str_key="%trainhub")
    known.events.register("post_run_cell", registered.note_cell)
