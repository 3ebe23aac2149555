"""A plugin for TensorBoard as somebody else would publish it: a script for the page, and data.

https://github.com/tensorflow/tensorboard/blob/master/ADDING_A_PLUGIN.md
"""

from __future__ import annotations

from pathlib import Path

GREETING = "Hello from the plugin's own data"

_CODE = f'''
from tensorboard.plugins import base_plugin


def answer(kind, text):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", kind)])
        return [text.encode()]
    return application


class Greetings(base_plugin.TBPlugin):
    plugin_name = "greetings"

    def get_plugin_apps(self):
        return {{
            "/index.js": answer("text/javascript", """
                export async function render() {{
                  const greeting = await fetch("./greeting");
                  document.body.textContent = await greeting.text();
                }}
            """),
            "/greeting": answer("text/plain", {GREETING!r}),
        }}

    def is_active(self):
        return True

    def frontend_metadata(self):
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="Greetings")
'''


def install(folder: Path) -> None:
    """Install it where Python looks for packages: a module, and how TensorBoard finds it."""
    described = folder / "greetings-1.0.dist-info"
    described.mkdir(parents=True)
    (folder / "greetings.py").write_text(_CODE)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: greetings\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(
        "[tensorboard_plugins]\ngreetings = greetings:Greetings\n"
    )
