"""The magics as IPython knows them. What they do is imported when one of them is used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    cell_magic,
    line_magic,
    magics_class,
    output_can_be_silenced,
)
from IPython.core.magic_arguments import parse_argstring

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.magics.arguments import distributed_arguments


@magics_class
class DistributedMagics(Magics):
    """``%%distributed``."""

    @output_can_be_silenced
    @cell_magic
    @distributed_arguments
    def distributed(self, line: str, cell: str) -> Any:
        """Run this cell on the cluster, with the definitions that it needs from others.

        Its value is that of the last line on rank 0: numbers, texts, containers of these, arrays,
        tensors and frames. Interrupting the kernel stops the job; a failure is raised here, as if
        the cell had run here. The job goes on where the kernel dies, until --timeout: see
        '%trainhub list' and '%trainhub stop NAME'.
        """
        with one_line():
            magic: Any = type(self).distributed
            options = parse_argstring(magic, line)  # type: ignore[no-untyped-call]
            from jupyter_trainhub.magics.distributed import run

            return run(self.shell, options, cell)


@magics_class
class LineMagics(Magics):
    """``%trainhub``."""

    @line_magic
    def trainhub(self, line: str) -> Any:
        """Jobs from a notebook: %trainhub list, logs NAME, stop NAME; %trainhub help tells more."""
        from jupyter_trainhub.magics.line import run

        with one_line():
            return run(line)


def complete(shell: Any, event: Any) -> Sequence[str]:
    """Completions of ``%trainhub`` for IPython."""
    from jupyter_trainhub.magics.line import completions

    return completions(event.line)


# The ids of executed cells in their notebook, by the number in `In[number]`.
cell_ids: dict[int, str] = {}


def note_cell(result: Any) -> None:
    """Remember which cell of the notebook was executed; IPython calls it after each."""
    cell_id = getattr(result.info, "cell_id", None)
    if cell_id and result.execution_count:
        cell_ids[result.execution_count] = cell_id


@contextlib.contextmanager
def one_line() -> Iterator[None]:
    """Errors of TrainHub are shown as one line with what would do, without a traceback."""
    try:
        yield
    except TrainHubError as error:
        if hasattr(error, "_render_traceback_"):
            raise
        raise UsageError(str(error)) from None
