"""A plugin of TensorBoard's that answers with as many bytes as asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from werkzeug import Request, Response

from tensorboard.plugins.base_plugin import TBPlugin

NAME = "benchmark"
PIECE = b"x" * 2**20


class LargeAnswer(TBPlugin):  # type: ignore[misc]
    """``data/plugin/benchmark/body?mebibytes=N``."""

    plugin_name = NAME

    def is_active(self) -> bool:
        return False

    def get_plugin_apps(self) -> dict[str, Callable[..., Any]]:
        return {"/body": self._body}

    @Request.application  # type: ignore[arg-type]
    def _body(self, request: Request) -> Response:
        count = int(request.args["mebibytes"])

        def pieces() -> Iterator[bytes]:
            for _ in range(count):
                yield PIECE

        headers = {"Content-Length": str(count << 20)}
        return Response(pieces(), headers=headers, mimetype="application/octet-stream")


def install(folder: Path) -> None:
    """Makes ``folder`` one that TensorBoard finds the plugin in, on PYTHONPATH."""
    described = folder / "large_answer-1.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: large-answer\nVersion: 1\n")
    (described / "entry_points.txt").write_text(
        f"[tensorboard_plugins]\n{NAME} = {__name__}:LargeAnswer\n"
    )
