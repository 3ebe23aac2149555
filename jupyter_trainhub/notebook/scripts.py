"""What runs when a Python script or a command is submitted, and what travels with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.notebook import checks
from jupyter_trainhub.notebook.beside import Beside
from jupyter_trainhub.notebook.plan import with_shipment
from jupyter_trainhub.notebook.planned import Plan, PlannedCell
from jupyter_trainhub.notebook.remark import Remark
from jupyter_trainhub.notebook.source import parse_script

# The header by which jupytext knows a notebook that is kept as Python text:
# https://jupytext.readthedocs.io/en/latest/formats-scripts.html
_NOTEBOOK_HEADER = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:#!.*\n)?# ---\n(?:#.*\n)*?# jupyter:")


def is_notebook(source: bytes) -> bool:
    """Whether a .py file says in its header that it is a notebook.

    Cell marks (``# %%``) alone make none: such a file is run as a script by everybody.
    """
    return _NOTEBOOK_HEADER.match(source.replace(b"\r\n", b"\n")) is not None


def plan_script(
    source: bytes,
    *,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    world_size: int = 1,
    visible: Sequence[str] | None = None,
    beside: Beside | None = None,
) -> Plan:
    """What runs of the script ``source``: all of it, as ``python NAME`` does.

    The other arguments are those of :func:`plan_notebook`. Raises InvalidField for ``parameters``.
    """
    if parameters:
        raise InvalidField(
            f"{name} is a script, which has no parameters",
            field="parameters",
            remedy="Give it arguments.",
        )
    plan = Plan(name, language="script")
    try:
        text = source.decode("utf-8-sig")
        tree = parse_script(text, name)
    except UnicodeDecodeError:
        return _refused(plan, "it is not UTF-8 text. Save it as UTF-8.")
    except SyntaxError as error:
        return _refused(plan, f"line {error.lineno}: syntax error: {error.msg}. Correct it.")
    except (ValueError, RecursionError, MemoryError) as error:
        return _refused(plan, f"it is no Python: {error}. Correct it.")
    code = [(None, tree)]
    warnings = checks.warnings(code, world_size=world_size, visible=visible or None)
    plan = Plan(
        name,
        (PlannedCell(None, name, text, text),),
        tuple(warnings),
        tuple(checks.errors(code)),
        language="script",
    )
    return with_shipment(plan, code, beside)


def plan_command(command: Sequence[str], beside: Beside) -> Plan:
    """What travels with a command: what it includes, and the modules that this imports.

    Of ``python -m package.module`` that module is looked for, too.
    """
    name = " ".join(command)
    if not beside.include:
        return Plan(name, language="command", max_bytes=beside.max_bytes)
    text = f"import {command[2]}" if _runs_module(command) else ""
    code = [(None, parse_script(text, name))]
    plan = with_shipment(Plan(name, language="command"), code, beside)
    return plan


def _runs_module(command: Sequence[str]) -> bool:
    return (
        re.fullmatch(r"(.*/)?python[\d.]*", command[0]) is not None
        and list(command[1:2]) == ["-m"]
        and len(command) > 2
        and all(part.isidentifier() for part in command[2].split("."))
    )


def _refused(plan: Plan, why: str) -> Plan:
    return Plan(plan.name, errors=(Remark(None, why),), language=plan.language)
