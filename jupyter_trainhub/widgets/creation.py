"""A form that says what would happen to what is typed, and makes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import ipywidgets

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.widgets.form import Form, Schema
from jupyter_trainhub.widgets.served import OUTPUT, Served

# Seconds without a key after which what was typed is checked.
_PAUSE = 0.4
_BUSY = (
    "The kernel answers this form, so while a cell runs it waits. What it has made is stopped and "
    "opened by the Jupyter server, at any time."
)

Values = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a check found: pairs of a name and a sentence, and what is wrong with which field."""

    lines: Sequence[tuple[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)


class CreationForm:
    """The form. ``made`` is the widget of what it has made, None before that.

    ``check`` and ``create`` take the form's values and run in threads: the kernel stays free for
    cells. Nothing is checked before the form is displayed.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        label: str,
        first: Sequence[str],
        check: Callable[[Values], Answer],
        create: Callable[[Values], Served],
    ) -> None:
        self.made: Served | None = None
        self._check_values, self._create_values = check, create
        self.form = Form(schema, first)
        self.answer = ipywidgets.HTML()
        self.button = ipywidgets.Button(description=label, tooltip=_BUSY, button_style="primary")
        self.button.on_click(lambda button: self._in_thread(self._create))
        self._lock = threading.Lock()
        self._asked = 0
        self._is_shown = False
        self._timer: threading.Timer | None = None
        self.form.on_change(self._changed)
        busy = ipywidgets.HTML(f"<small>{escape(_BUSY)}</small>")
        # Holds the widget of what was made, once there is one.
        self._result = ipywidgets.VBox()
        self.widget = ipywidgets.VBox(
            [
                ipywidgets.HBox(
                    [ipywidgets.VBox([self.form.widget, self.button, busy]), self.answer]
                ),
                self._result,
            ]
        )

    def values(self) -> Values:
        """What the form holds. Raises InvalidField for what cannot be read."""
        return self.form.values()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widgets, with what stays in the notebook: what was made, if anything was."""
        self._is_shown = True
        self._in_thread(self._check)
        text = self.made.text() if self.made else f"<{self.button.description} form>"
        return {
            **self.widget._repr_mimebundle_(**kwargs),
            OUTPUT: {"kind": "form"},
            "text/html": self.made.html() if self.made else escape(text),
            "text/plain": text,
        }

    def _changed(self) -> None:
        if not self._is_shown:
            return
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(_PAUSE, self._check)
            self._timer.daemon = True
            self._timer.start()

    def _in_thread(self, act: Callable[[], None]) -> None:
        threading.Thread(target=act, daemon=True).start()

    def _check(self) -> None:
        with self._lock:
            self._asked += 1
            number = self._asked
        try:
            answer = self._check_values(self.form.values())
        except TrainHubError as error:
            answer = _refused(error)
        with self._lock:
            # A slow answer to an older question says nothing of what is in the form now.
            if number == self._asked:
                self._show(answer)

    def _create(self) -> None:
        self.button.disabled = True
        with self._lock:
            # A check that comes after would say that the name is taken, by what was just made.
            if self._timer is not None:
                self._timer.cancel()
        try:
            self.made = self._create_values(self.form.values())
            answer = Answer([("CREATED", self.made.text())])
            self.made.display_begun()
            self._result.children = [self.made]
        except TrainHubError as error:
            answer = _refused(error)
        finally:
            self.button.disabled = False
        with self._lock:
            self._asked += 1
            self._show(answer)

    def _show(self, answer: Answer) -> None:
        self.answer.value = _html(answer.lines)
        self.form.mark(answer.errors)


def _refused(error: TrainHubError) -> Answer:
    if error.field:
        return Answer([(error.field, error.message)], {error.field: error.message})
    return Answer([("ERROR", str(error))])


def _html(lines: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f"<tr><th style='text-align: left; vertical-align: top; padding-right: 1em'>"
        f"{escape(name)}</th><td style='text-align: left; white-space: pre-wrap'>"
        f"{escape(sentence)}</td></tr>"
        for name, sentence in lines
    )
    return f"<table aria-live='polite'>{rows}</table>"
