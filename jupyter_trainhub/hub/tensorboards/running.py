"""What to say where a TensorBoard is needed that answers."""

from __future__ import annotations

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.tensorboards.view import TensorBoardView

_REMEDIES = {
    "Starting": "Wait for it a little longer.",
    "Stopped": "Start it again.",
    "Failed": "Look at its log.",
}


def require_running(view: TensorBoardView) -> TensorBoardView:
    """``view`` of a TensorBoard that runs. Raises Conflict, which says why it does not."""
    phase = view["phase"]
    if phase == "Running":
        return view
    message = view["message"] or f"its phase is {phase}"
    told = message[:1].lower() + message[1:]
    raise Conflict(
        message if message.startswith("TensorBoard ") else f"TensorBoard does not run: {told}",
        reason=f"TensorBoard{phase}",
        remedy=view["remedy"] or _REMEDIES[phase],
    )
