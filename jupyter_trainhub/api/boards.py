"""TensorBoards from a notebook: open one, list those that are there."""

from __future__ import annotations

from jupyter_trainhub.api import session
from jupyter_trainhub.api.board import TensorBoard
from jupyter_trainhub.api.collection import Collection
from jupyter_trainhub.api.log_folders import Folder, here, texts
from jupyter_trainhub.hub.tables import tensorboards_table
from jupyter_trainhub.hub.tensorboards import TensorBoards as Boards
from jupyter_trainhub.hub.tensorboards.matching import matching


def tensorboard(
    *folders: Folder,
    name: str | None = None,
    where: str = "auto",
    idle_seconds: int | None = None,
    reload_interval: int | None = None,
    memory: str | None = None,
    job: str | None = None,
    instance: str | None = None,
    timeout: float = 60.0,
    height: int = 600,
) -> TensorBoard:
    """The TensorBoard of ``folders``, started unless there is one; default: the folder ``runs``.

    A folder is a path, ``"name:path"`` or a dict of both, side by side under their names. With
    ``job`` or ``instance`` paths are as its pods see them, and with ``job`` they may be left out.
    A path that only the cluster mounts is shown by a pod, as with ``where="cluster"``.

    Returns once it is started. As the last value of a cell it is shown, ``height`` pixels high;
    what needs its answers waits up to ``timeout`` seconds for it. Raises NotFound for a folder
    that does not exist, and InvalidField for one outside the allowed roots.
    """
    from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

    in_pods = job is not None or instance is not None
    fields = {
        "name": name,
        "where": where,
        "idle_seconds": idle_seconds,
        "reload_interval": reload_interval,
        "memory": memory,
        "job": job,
        "instance": instance,
        "folders": texts(folders if folders or in_pods else ("runs",), in_pods=in_pods),
    }
    spec = TensorBoardSpec.parse({key: value for key, value in fields.items() if value is not None})
    boards = _boards(connected=in_pods or where == "cluster")
    return TensorBoard(boards, boards.open(spec, here), timeout, height)


class TensorBoards(Collection[TensorBoard]):
    """All TensorBoards: ``th.tensorboards()``, ``th.tensorboards["runs"]``.

    Those of this machine, also of ``%tensorboard`` and terminals, and those of the cluster where
    one is used; nothing is started to look.
    """

    table = staticmethod(tensorboards_table)

    def list(self) -> list[TensorBoard]:
        """Every TensorBoard."""
        boards = _boards(connected=False)
        return [TensorBoard(boards, view) for view in boards.list()]

    def __call__(self) -> TensorBoards:
        """Itself, as the last value of a cell shows it."""
        return self

    def __getitem__(self, name: str) -> TensorBoard:
        """The TensorBoard with this name, id or beginning of an id. Raises NotFound, Conflict."""
        boards = _boards(connected=False)
        return TensorBoard(boards, matching(boards.list(), name))


def _boards(*, connected: bool) -> Boards:
    """The TensorBoards of this user; ``connected`` starts the embedded cluster if need be."""
    return Boards(session.config(), session.hub if connected else session.running_hub)
