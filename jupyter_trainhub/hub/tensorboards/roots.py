"""Which folders TensorBoard may show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_trainhub.errors import InvalidField, NotFound


def allowed_folder(folder: Path, roots: Sequence[Path], *, shown: str, field: str) -> Path:
    """``folder`` with its links resolved, inside one of ``roots``.

    Links are resolved before the comparison, since TensorBoard shows what it finds to everybody who
    may use the server that it is opened through. ``shown`` is the path as the user gave it. Raises
    InvalidField for a folder outside, and NotFound for one that does not exist.
    """
    try:
        resolved = folder.resolve()
    except (OSError, RuntimeError, ValueError):
        raise InvalidField(
            f"{shown!r} cannot be a path", field=field, remedy="Name a folder."
        ) from None
    if not any(resolved.is_relative_to(root.expanduser().resolve()) for root in roots):
        listed = " or ".join(str(root) for root in roots) or "none: no root is allowed"
        raise InvalidField(
            f"the folder {shown!r} lies outside the allowed roots",
            field=field,
            remedy=f"Choose a folder in {listed}, or let an administrator add its root "
            "to c.TrainHubConfig.log_roots.",
        )
    if not resolved.is_dir():
        raise NotFound(
            f"there is no folder {shown!r}",
            field=field,
            remedy="Create it, or start the training that writes it; it may be empty.",
        )
    return resolved
