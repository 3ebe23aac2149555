"""An IPython shell of a test's own."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any, cast

from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell


@dataclass
class Done:
    """An executed cell: its value, what it printed on both streams, and its exception."""

    value: Any
    text: str
    error: BaseException | None


class Shell:
    """Executes cells as a notebook's kernel does."""

    def __init__(self) -> None:
        # `display` shows what it is given in the one shell of a process.
        clear: Any = InteractiveShell.clear_instance
        clear()
        self.shell = cast("Any", InteractiveShell.instance())
        # Commands of one test are no history of the next.
        self.shell.history_manager.enabled = False
        assert self.run("%load_ext jupyter_trainhub").error is None

    @property
    def names(self) -> dict[str, Any]:
        """The variables."""
        found: dict[str, Any] = self.shell.user_ns
        return found

    def run(self, *lines: str) -> Done:
        """Execute a cell."""
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            result = self.shell.run_cell("\n".join(lines), store_history=True)
        text = re.sub(r"\x1b\[[\d;]*m", "", printed.getvalue())
        return Done(result.result, text, result.error_in_exec or result.error_before_exec)

    def complete(self, line: str) -> list[str]:
        """What may stand at the end of ``line``."""
        with provisionalcompleter():
            return [found.text for found in self.shell.Completer.completions(line, len(line))]
