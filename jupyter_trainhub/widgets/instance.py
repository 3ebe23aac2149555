"""A dev instance in a cell's output: how it stands, and what enters, stops or deletes it."""

from __future__ import annotations

from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.widgets.served import Served
from jupyter_trainhub.widgets.still import instance_html

_SHOWN = ("name", "phase", "reason", "message", "remedy", "ready", "url")


class InstanceView(Served):
    """An instance, which the front end looks at while it is on the screen."""

    def __init__(self, hub: Hub, view: View) -> None:
        name, instances = view["name"], hub.instances
        answers = {
            "start": lambda: shown(instances.start(name)),
            "stop": lambda: shown(instances.stop(name)),
            "delete": lambda: instances.delete(name),
            "refresh": lambda: shown(instances.get(name)),
        }
        super().__init__("instance", name, shown(view), answers)

    def html(self) -> str:
        """The state as HTML."""
        return instance_html(self.view)

    def text(self) -> str:
        """The state as text."""
        return f"<Instance {self.name} {self.view['phase']}>"


def shown(view: View) -> View:
    """What the widget shows of an instance's view."""
    return {key: view[key] for key in _SHOWN}
