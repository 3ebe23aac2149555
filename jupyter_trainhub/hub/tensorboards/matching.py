"""Which TensorBoard people mean by a word. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_trainhub.errors import Conflict, NotFound
from jupyter_trainhub.hub.tensorboards.view import TensorBoardView

# Fewer characters of an id are rather a mistake.
_SHORTEST = 3


def matching(views: Iterable[TensorBoardView], word: str) -> TensorBoardView:
    """The TensorBoard whose id or name ``word`` is, or whose id alone begins with it.

    Raises NotFound, and Conflict when several fit equally well.
    """
    known = list(views)
    for fits in (
        [view for view in known if view["id"] == word],
        [view for view in known if view["name"] == word],
        [view for view in known if len(word) >= _SHORTEST and view["id"].startswith(word)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise Conflict(
                f"{len(fits)} TensorBoards are called {word!r}",
                reason="SeveralTensorBoards",
                field="name",
                remedy=f"Name one by its id: {', '.join(view['id'] for view in fits)}.",
            )
    raise NotFound(
        f"there is no TensorBoard {word!r}",
        field="name",
        remedy="'trainhub get tensorboards' lists those that are there.",
    )
