"""``th.instance_form()``: a form that creates an instance, and says beside it what would happen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets

from jupyter_trainhub.api import session
from jupyter_trainhub.widgets.form import Form
from jupyter_trainhub.api.instance import Instance
from jupyter_trainhub.errors import InvalidField, TrainHubError
from jupyter_trainhub.hub.capacity.check import invalid
from jupyter_trainhub.hub.descriptions import Lines, describe_check
from jupyter_trainhub.hub.forms import schemas
from jupyter_trainhub.hub.hub import group_names, user_name
from jupyter_trainhub.specs.instance import InstanceSpec

# Seconds without a key after which the cluster is asked.
_PAUSE = 0.4


class InstanceForm:
    """The form. ``instance`` is what it has created, None before that.

    The cluster is asked in threads: the kernel stays free for cells.
    """

    def __init__(self) -> None:
        self.instance: Instance | None = None
        config = session.config()
        self._form = Form(schemas(config, user_name(config), group_names(config))["instance"])
        self._answer = ipywidgets.HTML()
        self._button = ipywidgets.Button(description="Create", button_style="primary")
        self._button.on_click(lambda button: self._in_thread(self._create))
        self._lock = threading.Lock()
        self._asked = 0
        self._timer: threading.Timer | None = None
        self._form.on_change(self._changed)
        self.widget = ipywidgets.HBox(
            [ipywidgets.VBox([self._form.widget, self._button]), self._answer]
        )
        self._in_thread(self._check)

    def values(self) -> dict[str, Any]:
        """What the form holds. Raises InvalidField for what cannot be read."""
        return self._form.values()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)  # type: ignore[no-untyped-call]

    def _changed(self) -> None:
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
        errors: dict[str, str] = {}
        try:
            try:
                check = session.hub().instances.check(self._form.values())
            except InvalidField as error:
                check = invalid(error)
            lines = describe_check(check)
            refusal = [check["refusal"]] if check["refusal"] else []
            errors = {one["field"]: one["message"] for one in [*check["errors"], *refusal]}
        except TrainHubError as error:
            lines = [("CLUSTER", str(error))]
        with self._lock:
            # A slow answer to an older question says nothing of what is in the form now.
            if number == self._asked:
                self._answer.value = _html(lines)
                self._form.mark(errors)

    def _create(self) -> None:
        self._button.disabled = True
        with self._lock:
            # A check that comes after would say that the name is taken, by what was just made.
            if self._timer is not None:
                self._timer.cancel()
        errors: dict[str, str] = {}
        try:
            spec = InstanceSpec.parse(self._form.values())
            view = session.hub().instances.create(spec)
            self.instance = Instance(spec.name, view)
            told = ("CREATED", repr(self.instance))
        except TrainHubError as error:
            told = ("ERROR", str(error))
            errors = {error.field: error.message} if error.field else {}
        finally:
            self._button.disabled = False
        with self._lock:
            self._asked += 1
            self._answer.value = _html([told])
            self._form.mark(errors)


def _html(lines: Lines) -> str:
    rows = "".join(
        f"<tr><th style='text-align: left; vertical-align: top; padding-right: 1em'>"
        f"{escape(name)}</th><td style='text-align: left'>{escape(sentence)}</td></tr>"
        for name, sentence in lines
    )
    return f"<table aria-live='polite'>{rows}</table>"
