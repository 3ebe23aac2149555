"""Tables as HTML, for notebooks. Every text in them is escaped."""

from __future__ import annotations

from html import escape

from jupyter_trainhub.hub.descriptions import why
from jupyter_trainhub.hub.tables import Table
from jupyter_trainhub.hub.views import View


def html(table: Table) -> str:
    """The table as HTML."""
    head = "".join(f"<th>{escape(text)}</th>" for text in table.headings)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def job_html(view: View) -> str:
    """One job and its pods as HTML."""
    told = why(view)
    message = f" <span>{escape(told)}</span>" if told else ""
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
    pods = html(Table(("rank", "phase", "node", "exit code", "message"), rows)) if rows else ""
    return f"<b>{escape(view['name'])}</b> {escape(view['phase'])}{message}{pods}"
