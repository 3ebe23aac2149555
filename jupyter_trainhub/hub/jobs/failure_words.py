"""How a job failed, in words, for terminals and notebooks. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_trainhub.hub.descriptions import Lines
from jupyter_trainhub.hub.views import View


def place(error: View) -> str:
    """``cell 7, line 3``, or the file of a command; empty where nobody knows."""
    if error["cell"] is not None:
        line = "" if error["lineno"] is None else f", line {error['lineno']}"
        return f"cell {error['cell'] + 1}{line}"
    frames = error["frames"]
    return f"{frames[-1]['file']}, line {frames[-1]['lineno']}" if frames else ""


def who(error: View) -> str:
    """``rank 5 on node gpu-2``; by the pod's index where the rank is not known."""
    rank = f"pod {error['node_rank']}" if error["rank"] is None else f"rank {error['rank']}"
    return f"{rank} on node {error['node']}" if error["node"] else rank


def what(error: View) -> str:
    """``cell 7, line 3: ValueError: no data``."""
    said = f"{error['etype']}: {error['message']}" if error["etype"] else error["message"]
    return ": ".join(filter(None, (place(error), said.partition("\n")[0])))


def failure_sentence(failure: View) -> str:
    """Which rank failed first and where; empty where none did."""
    if failure["root"] is None:
        return ""
    first = who(failure["root"])
    sentence = f"{first[:1].upper()}{first[1:]} failed first: {what(failure['root'])}"
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def describe_failure(failure: View) -> Lines:
    """What there is to say of a Failure: the rank that failed first, the others, and what to do."""
    root = failure["root"]
    lines = [("FAILED FIRST", _told(root))] if root else []
    if root and root["line"]:
        lines.append(("LINE", root["line"]))
    lines += [("FAILED TOO" if root else "WAS HERE", _told(other)) for other in failure["others"]]
    if failure["followers"]:
        lines.append(("FOLLOWED", _ranks(failure["followers"])))
    return lines + [("HINT", f"{hint['title']} {hint['remedy']}") for hint in failure["hints"]]


def _told(error: View) -> str:
    return f"{who(error)}: {what(error)}"


def _ranks(errors: Sequence[View]) -> str:
    known = sorted(error["rank"] for error in errors if error["rank"] is not None)
    unknown = sorted({error["node_rank"] for error in errors if error["rank"] is None})
    parts = [f"rank {', '.join(map(str, known))}"] if known else []
    if unknown:
        parts.append(f"the ranks of pod {', '.join(map(str, unknown))}")
    return " and ".join(parts)
