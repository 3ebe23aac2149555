"""Objects as HTML that stands still: in notebooks read without their kernel, and on plain pages.

Every text in it is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from jupyter_trainhub.hub.descriptions import why
from jupyter_trainhub.hub.jobs.progress.words import progress_sentence
from jupyter_trainhub.hub.tables import Table
from jupyter_trainhub.hub.views import View


def table_html(table: Table) -> str:
    """A table."""
    head = "".join(f"<th>{escape(text)}</th>" for text in table.headings)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def job_html(view: View, tail: Sequence[str] = (), total: int = 0) -> str:
    """A job and its pods, with the last of the ``total`` lines of its log."""
    told = why(view)
    message = f" <span>{escape(told)}</span>" if told else ""
    log = f"<pre>{escape(_log(tail, total))}</pre>" if tail else ""
    progress = view["progress"]
    far = f"<div>{escape(progress_sentence(progress))}</div>" if progress else ""
    head = f"<b>{escape(view['name'])}</b> {escape(view['phase'])}{message}"
    return f"{head}{far}{_pods(view)}{log}"


def instance_html(view: View) -> str:
    """An instance."""
    told = why(view)
    return f"<b>{escape(view['name'])}</b> {escape(view['phase'])} {escape(told)}"


def tensorboard_html(view: View) -> str:
    """What a TensorBoard shows, and how it stands; itself it is a page of the server's."""
    told = why(view)
    message = f" <span>{escape(told)}</span>" if told else ""
    return f"<b>TensorBoard</b> {escape(', '.join(view['folders']))} {view['phase']}{message}"


def _pods(view: View) -> str:
    rows = [
        (
            str(pod["rank"]),
            pod["phase"],
            pod["node"] or "",
            "" if pod["exit_code"] is None else str(pod["exit_code"]),
            pod["message"] or "",
        )
        for pod in view["pods"]
    ]
    headings = ("rank", "phase", "node", "exit code", "message")
    return table_html(Table(headings, rows)) if rows else ""


def _log(tail: Sequence[str], total: int) -> str:
    left_out = total - len(tail)
    return "\n".join([*([f"… {left_out} earlier lines"] if left_out > 0 else []), *tail])
