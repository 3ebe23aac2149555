"""A headless JupyterLab, driven as its front end drives it: REST, and a kernel's websocket."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from nbformat.v4 import output_from_msg
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

START_SECONDS = 60.0
STOP_SECONDS = 15.0

Message = dict[str, Any]


class JupyterLab:
    """A JupyterLab server on the loopback address, with all of its state below one folder.

    `folder/work` is what it shows. Home, settings, run-time files and the embedded cluster lie
    beside it, so that it neither meets nor disturbs a Jupyter server or a cluster of the user's.
    `url` ends with a slash and is known once the server has started.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = secrets.token_hex(24)
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        inherited = {
            name: value
            for name, value in os.environ.items()
            # With no cluster configured, here or in ~/.kube, TrainHub starts its embedded one.
            if name not in {"KUBECONFIG", "TRAINHUB_KUBECONFIG", "KUBERNETES_SERVICE_HOST"}
        }
        self.environment = {
            **inherited,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', os.defpath)}",
            "HOME": str(folder / "home"),
            "JUPYTER_TOKEN": self.token,
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "TRAINHUB_CLUSTER_DIR": str(folder / "cluster"),
        }

    async def start(self) -> None:
        """Start the server and wait until it answers.

        Raises RuntimeError, with the end of its log, if it ends or is silent for START_SECONDS.
        """
        for name in ("work", "home", "runtime"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self.folder / "jupyterlab.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab"),
                    *("--no-browser", "--ip=127.0.0.1", "--port=0"),
                    *(["--allow-root"] if os.geteuid() == 0 else []),
                    f"--ServerApp.root_dir={self.folder / 'work'}",
                ],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches whoever started this, who then ends the server in order.
                start_new_session=True,
            )
        described = self.folder / "runtime" / f"jpserver-{self._process.pid}.json"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            # The file appears when the port is known, and is not written at one stroke.
            with suppress(OSError, ValueError, HTTPClientError):
                server = json.loads(described.read_text(encoding="utf-8"))
                self.url = f"http://127.0.0.1:{server['port']}{server['base_url']}"
                await self.request("GET", "api/status")
                return
            await asyncio.sleep(0.1)
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise RuntimeError(f"JupyterLab did not start. The end of {log}:\n{tail}")

    async def request(self, method: str, path: str, body: Message | None = None) -> Any:
        """Ask the server's REST API; returns the answer's JSON, or None if it is empty.

        Raises tornado.httpclient.HTTPClientError if the answer is not a success.
        """
        answer = await self._fetch(method, self.url + path, body)
        return json.loads(answer) if answer else None

    async def follow(self, address: str) -> bytes:
        """Open an address that a cell shows, as a browser does; returns what is there.

        Raises tornado.httpclient.HTTPClientError if the answer is not a success.
        """
        return await self._fetch("GET", urljoin(self.url, address))

    async def _fetch(self, method: str, address: str, body: Message | None = None) -> bytes:
        response = await AsyncHTTPClient().fetch(
            HTTPRequest(
                address,
                method=method,
                headers={"Authorization": f"token {self.token}"},
                body=None if body is None else json.dumps(body),
                allow_nonstandard_methods=True,
                request_timeout=30,
            )
        )
        return response.body

    async def open_notebook(self, path: str, kernel: str) -> Kernel:
        """Start a session for a notebook, as opening it does; `path` is the contents API's."""
        session = await self.request(
            "POST",
            "api/sessions",
            {"path": path, "name": path, "type": "notebook", "kernel": {"name": kernel}},
        )
        socket = await websocket_connect(
            HTTPRequest(
                f"ws{self.url.removeprefix('http')}api/kernels/{session['kernel']['id']}/channels",
                headers={"Authorization": f"token {self.token}"},
            ),
            max_message_size=64 * 1024 * 1024,
        )
        return Kernel(socket)

    async def stop(self) -> None:
        """End the TensorBoards, the server and its kernels, then the embedded cluster."""
        if self._process is not None and self._process.poll() is None:
            with suppress(OSError, HTTPClientError):
                for board in (await self.request("GET", "trainhub/api/tensorboards"))["items"]:
                    await self.request("DELETE", f"trainhub/api/tensorboards/{board['id']}")
            with suppress(OSError, HTTPClientError):
                await self.request("POST", "api/shutdown", {})
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        ended = subprocess.run(
            [Path(sys.executable).with_name("trainhub"), "cluster", "stop"],
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if ended.returncode != 0:
            print(f"The embedded cluster was not stopped: {ended.stderr}", file=sys.stderr)


class Kernel:
    """The kernel of an opened notebook."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self._session = uuid.uuid4().hex
        # What a later message may replace.
        self._displayed: dict[str, Any] = {}

    async def run(self, cell: Any, show: Callable[[str], None]) -> bool:
        """Run a code cell, keep its outputs in it, and tell whether it succeeded.

        `show` is called with the cell's text output, ANSI codes included, as it arrives.
        """
        request = self._execute_request(cell.source)
        await self._socket.write_message(json.dumps(request))
        cell.outputs = []
        replied = idle = False
        succeeded = True
        # The reply and the outputs come on two channels, in no order between them.
        while not (replied and idle):
            text = await self._socket.read_message()
            if text is None:
                show("The connection to the kernel was closed.\n")
                return False
            message: Message = json.loads(text)
            if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "execute_reply":
                replied = True
                succeeded = content["status"] == "ok"
                cell.execution_count = content.get("execution_count")
            elif kind == "status":
                idle = content["execution_state"] == "idle"
            else:
                show(_keep_output(cell.outputs, self._displayed, message))
        return succeeded

    def close(self) -> None:
        """Leave the kernel; it goes on until the server ends it."""
        self._socket.close()

    def _execute_request(self, code: str) -> Message:
        """Message `execute_request` of Jupyter's messaging protocol 5.3."""
        return {
            "channel": "shell",
            "header": {
                "msg_id": uuid.uuid4().hex,
                "msg_type": "execute_request",
                "session": self._session,
                "username": "",
                "version": "5.3",
            },
            "parent_header": {},
            "metadata": {},
            "content": {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": True,
            },
        }


def _keep_output(outputs: list[Any], displayed: dict[str, Any], message: Message) -> str:
    """Add what a message shows to a cell's outputs, as JupyterLab does; return it as text.

    `displayed` are outputs by the ids under which the kernel may update them.
    """
    kind, content = message["msg_type"], message["content"]
    if kind == "clear_output":
        outputs.clear()
        return ""
    identity = content.get("transient", {}).get("display_id")
    if kind == "update_display_data" and identity in displayed:
        displayed[identity].data = content["data"]
        return f"{content['data'].get('text/plain', '')}\n"
    if kind not in {"stream", "error", "execute_result", "display_data"}:
        return ""
    last = outputs[-1] if outputs else None
    if kind == "stream" and last and last.get("name") == content["name"]:
        last.text += content["text"]
    else:
        outputs.append(output_from_msg(message))
        if identity:
            displayed[identity] = outputs[-1]
    if kind == "stream":
        return str(content["text"])
    if kind == "error":
        return "\n".join(content["traceback"]) + "\n"
    if kind == "execute_result":
        return f"{content['data'].get('text/plain', '')}\n"
    # A displayed object is for the eye; its stand-in text says nothing in a terminal.
    return ""
